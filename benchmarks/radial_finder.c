/* The idea of Cheetah's peakfinder8, written from its published description (Barty et al. 2014) as a peer to
 * measure against: robust mean and sigma of every ring of pixels, 8-connected growth, a check against the
 * ring of pixels around each peak. Compiled by benchmarks/frames.py where a C compiler is installed.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 5

static void ring_statistics(const float *pixels, const unsigned char *good, const int *ring, int count,
                            int rings, float snr, float *mean, float *limit)
{
    double *sum = malloc(rings * sizeof *sum), *square = malloc(rings * sizeof *square);
    int *number = malloc(rings * sizeof *number);
    float *low = malloc(rings * sizeof *low);
    for (int r = 0; r < rings; r++) { low[r] = -1e30f; limit[r] = 1e30f; }
    for (int round = 0; round < ROUNDS; round++) {
        memset(sum, 0, rings * sizeof *sum);
        memset(square, 0, rings * sizeof *square);
        memset(number, 0, rings * sizeof *number);
        for (int i = 0; i < count; i++) {
            int r = ring[i];
            float v = pixels[i];
            if (good[i] && v < limit[r] && v > low[r]) {
                sum[r] += v;
                square[r] += (double)v * v;
                number[r]++;
            }
        }
        for (int r = 0; r < rings; r++) {
            if (number[r] < 2) { mean[r] = 0; limit[r] = 1e30f; low[r] = -1e30f; continue; }
            double middle = sum[r] / number[r];
            double sigma = sqrt(fmax(square[r] / number[r] - middle * middle, 0));
            mean[r] = (float)middle;
            limit[r] = (float)(middle + snr * sigma);
            low[r] = (float)(middle - snr * sigma);
        }
    }
    free(sum); free(square); free(number); free(low);
}

/* Peaks of a frame of height x width; returns their number and writes (row, column, snr) of each to `found`. */
int find_peaks(const float *pixels, const unsigned char *good, const int *ring, int height, int width,
               int rings, float snr, int least, int most, int reach, float *found, int room)
{
    int count = height * width, peaks = 0;
    float *mean = malloc(rings * sizeof *mean), *limit = malloc(rings * sizeof *limit);
    unsigned char *bright = calloc(count, 1);
    int *stack = malloc(count * sizeof *stack), *members = malloc(count * sizeof *members);
    ring_statistics(pixels, good, ring, count, rings, snr, mean, limit);
    for (int i = 0; i < count; i++) bright[i] = good[i] && pixels[i] > limit[ring[i]];
    for (int start = 0; start < count && peaks < room; start++) {
        if (bright[start] != 1) continue;
        int top = 0, size = 0;
        double total = 0, rows = 0, columns = 0;
        float highest = 0;
        stack[top++] = start;
        bright[start] = 2;
        while (top) {
            int here = stack[--top], y = here / width, x = here % width;
            float above = pixels[here] - mean[ring[here]];
            members[size++] = here;
            total += above; rows += above * y; columns += above * x;
            if (pixels[here] > highest) highest = pixels[here];
            for (int dy = -1; dy <= 1; dy++)
                for (int dx = -1; dx <= 1; dx++) {
                    int ny = y + dy, nx = x + dx, next = ny * width + nx;
                    if (ny < 0 || nx < 0 || ny >= height || nx >= width || bright[next] != 1) continue;
                    bright[next] = 2;
                    stack[top++] = next;
                }
        }
        if (size < least || size > most) continue;
        int y = (int)(rows / total + 0.5), x = (int)(columns / total + 0.5), around = 0;
        double sum = 0, square = 0, signal = 0;
        float brightest = -1e30f;
        for (int ny = y - 2 * reach; ny <= y + 2 * reach; ny++)
            for (int nx = x - 2 * reach; nx <= x + 2 * reach; nx++) {
                if (ny < 0 || nx < 0 || ny >= height || nx >= width) continue;
                int at = ny * width + nx, far = (ny - y) * (ny - y) + (nx - x) * (nx - x);
                if (far <= reach * reach || far > 4 * reach * reach || !good[at] || bright[at]) continue;
                sum += pixels[at]; square += (double)pixels[at] * pixels[at]; around++;
                if (pixels[at] > brightest) brightest = pixels[at];
            }
        if (around < 8) continue;
        double background = sum / around, sigma = sqrt(fmax(square / around - background * background, 1e-12));
        for (int k = 0; k < size; k++) signal += pixels[members[k]] - background;
        if (signal / sigma < snr || highest <= brightest) continue;
        found[3 * peaks] = (float)(rows / total);
        found[3 * peaks + 1] = (float)(columns / total);
        found[3 * peaks + 2] = (float)(signal / sigma);
        peaks++;
    }
    free(mean); free(limit); free(bright); free(stack); free(members);
    return peaks;
}
