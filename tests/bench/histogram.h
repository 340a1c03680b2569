/* Latencies in log-linear buckets: 64 to each power of two, so a percentile is right to 1.6 % at a fixed size. */
#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H

#include "wire.h"

#define STEP_BITS 6
#define STEPS (1 << STEP_BITS)
#define BUCKETS ((64 - STEP_BITS) * STEPS)

typedef struct {
    int64_t counts[BUCKETS];
    int64_t total, highest;
} Histogram;

static inline int bucket_of(int64_t value)
{
    if (value < STEPS)
        return (int)value;
    int power = 63 - __builtin_clzll((unsigned long long)value);
    return (power - STEP_BITS + 1) * STEPS + (int)(value >> (power - STEP_BITS) & (STEPS - 1));
}

/* The middle of a bucket. */
static inline int64_t value_of_bucket(int bucket)
{
    if (bucket < STEPS)
        return bucket;
    int power = bucket / STEPS + STEP_BITS - 1;
    int64_t width = 1LL << (power - STEP_BITS);
    return (1LL << power) + (bucket % STEPS) * width + width / 2;
}

static inline void histogram_add(Histogram *histogram, int64_t value)
{
    if (value < 0)
        value = 0;
    histogram->counts[bucket_of(value)]++;
    histogram->total++;
    if (value > histogram->highest)
        histogram->highest = value;
}

/* The value that `share` (0.5, 0.99) of all values do not exceed; 0 when there are none. */
static inline int64_t histogram_quantile(const Histogram *histogram, double share)
{
    int64_t wanted = (int64_t)(share * (double)histogram->total + 0.999999), seen = 0;
    for (int bucket = 0; bucket < BUCKETS; bucket++) {
        seen += histogram->counts[bucket];
        if (seen >= wanted && seen > 0)
            return value_of_bucket(bucket) < histogram->highest ? value_of_bucket(bucket) : histogram->highest;
    }
    return 0;
}

#endif
