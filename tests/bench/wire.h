/* WebSocket bytes (RFC 6455), as both bench programs need them: buffers that grow, frames in and out.
 *
 * Everything is static inline: each program is one translation unit, built by one gcc call without a Makefile. */
#ifndef BENCH_WIRE_H
#define BENCH_WIRE_H

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10 };

#define LONGEST_HEAD 14
#define FRAME_LIMIT (4u << 20) /* a welcome with hundreds of rooms is far below this; more is nonsense */
#define NANOSECONDS 1000000000LL

/* The sample key of RFC 6455 section 1.3 with its answer: a client that always sends it needs no SHA-1. */
#define SAMPLE_KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define SAMPLE_ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

/* ---------------------------------------------------------------- ending and time */

/* Says why in one sentence on stderr and ends: a half-measured run must never look like a result. */
__attribute__((noreturn, format(printf, 1, 2))) static inline void die(const char *sentence, ...)
{
    va_list arguments;
    va_start(arguments, sentence);
    vfprintf(stderr, sentence, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(1);
}

static inline int64_t now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * NANOSECONDS + time.tv_nsec;
}

static inline double own_cpu_seconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* The soft limit of open files is often 1,024; the hard one is what the machine really allows. */
static inline void allow_many_files(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* ---------------------------------------------------------------- buffers */

typedef struct {
    char *bytes;
    size_t used, room;
} Buffer;

static inline void buffer_reserve(Buffer *buffer, size_t more)
{
    if (buffer->used + more <= buffer->room)
        return;
    size_t room = buffer->room ? buffer->room : 512;
    while (room < buffer->used + more)
        room *= 2;
    buffer->bytes = realloc(buffer->bytes, room);
    if (!buffer->bytes)
        die("out of memory: a buffer of %zu bytes", room);
    buffer->room = room;
}

static inline void buffer_append(Buffer *buffer, const void *bytes, size_t length)
{
    if (length == 0)
        return;
    buffer_reserve(buffer, length);
    memcpy(buffer->bytes + buffer->used, bytes, length);
    buffer->used += length;
}

static inline void buffer_drop(Buffer *buffer, size_t length)
{
    buffer->used -= length;
    if (buffer->used)
        memmove(buffer->bytes, buffer->bytes + length, buffer->used);
}

/* Gives the memory back: thousands of idle connections shall cost the bench machine nothing. */
static inline void buffer_free(Buffer *buffer)
{
    free(buffer->bytes);
    *buffer = (Buffer){0};
}

/* ---------------------------------------------------------------- frames */

typedef struct {
    unsigned opcode;
    bool final;
    bool masked;
    unsigned char mask[4];
    size_t head;   /* bytes before the payload */
    size_t length; /* bytes of payload */
} Frame;

static inline uint64_t big_endian(const unsigned char *bytes, int count)
{
    uint64_t value = 0;
    for (int i = 0; i < count; i++)
        value = value << 8 | bytes[i];
    return value;
}

/* Whether a whole frame begins at `bytes`; when it does, `frame` tells its shape. */
static inline bool frame_read(const char *at, size_t have, Frame *frame)
{
    const unsigned char *bytes = (const unsigned char *)at;
    if (have < 2)
        return false;
    unsigned short_length = bytes[1] & 0x7f;
    int extra = short_length == 126 ? 2 : short_length == 127 ? 8 : 0;
    frame->final = bytes[0] & 0x80;
    frame->opcode = bytes[0] & 0x0f;
    frame->masked = bytes[1] & 0x80;
    frame->head = 2 + (size_t)extra + (frame->masked ? 4 : 0);
    if (have < frame->head)
        return false;
    uint64_t length = extra ? big_endian(bytes + 2, extra) : short_length;
    if (length > FRAME_LIMIT)
        die("a frame of %llu bytes came: more than any answer can have", (unsigned long long)length);
    frame->length = length;
    if (frame->masked)
        memcpy(frame->mask, bytes + frame->head - 4, 4);
    return have >= frame->head + frame->length;
}

/* Writes the head of one final frame and returns its size; `mask` is null for a server's frame. */
static inline size_t frame_head(char *to, unsigned opcode, size_t length, const unsigned char *mask)
{
    unsigned char *head = (unsigned char *)to;
    unsigned char masked = mask ? 0x80 : 0;
    size_t size = 2;
    head[0] = (unsigned char)(0x80 | opcode);
    if (length < 126) {
        head[1] = (unsigned char)(masked | length);
    } else {
        int extra = length < 65536 ? 2 : 8;
        head[1] = (unsigned char)(masked | (extra == 2 ? 126 : 127));
        for (int i = 0; i < extra; i++)
            head[size++] = (unsigned char)((uint64_t)length >> (8 * (extra - 1 - i)));
    }
    if (mask) {
        memcpy(head + size, mask, 4);
        size += 4;
    }
    return size;
}

static inline void apply_mask(char *bytes, size_t length, const unsigned char *mask)
{
    for (size_t i = 0; i < length; i++)
        bytes[i] = (char)(bytes[i] ^ mask[i & 3]);
}

/* ---------------------------------------------------------------- scanning */

static inline bool begins(const char *bytes, size_t length, const char *with)
{
    size_t size = strlen(with);
    return length >= size && memcmp(bytes, with, size) == 0;
}

/* The number after `name` (such as `"ref":`) in a JSON text; -1 when the name is not there. */
static inline int64_t number_after(const char *bytes, size_t length, const char *name)
{
    const char *at = memmem(bytes, length, name, strlen(name));
    if (!at)
        return -1;
    const char *end = bytes + length;
    int64_t value = 0;
    for (at += strlen(name); at < end && *at >= '0' && *at <= '9'; at++)
        value = value * 10 + (*at - '0');
    return value;
}

#endif
