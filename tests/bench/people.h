/* Who is connected, what each has heard and what the run has counted: the state of the load client, and sending. */
#ifndef BENCH_PEOPLE_H
#define BENCH_PEOPLE_H

#include "histogram.h"

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define TEXT_LIMIT 8192

/* A text begins with this mark, which nothing before it in a frame contains, then fields of fixed width:
 * run (4 hex digits), number of the message (8), intended time of sending in nanoseconds (16). */
#define MARK '@'
#define MARK_LENGTH (1 + 4 + 8 + 16)

/* What somebody heard, or should have: how many messages, and the sum of their numbers' hashes. Two are equal
 * only when the same messages came equally often, in whatever order: each exactly once, at 16 bytes a connection. */
typedef struct {
    int64_t count;
    uint64_t sum;
} Fingerprint;

typedef struct {
    int64_t id;
    int members, first_member; /* how many hear it, and the place of one of them */
    Fingerprint said;
} Channel;

typedef enum { CONNECTING, UPGRADING, GREETING, READY } Stage;

typedef struct {
    int fd, port;
    Stage stage;
    bool waits_for_room;
    bool stalled;  /* reads nothing more after its welcome */
    int in_flight; /* posts without an ack */
    int next_channel;
    int channel_count;
    int *channels; /* places in `clients.channels` */
    int64_t *revs; /* held of each of them, when order is checked */
    int64_t seen_channel, seen, marked; /* the newest message heard, and what was reported as read */
    char *cookie;
    Fingerprint heard;
    Buffer in, out;
} Client;

static struct {
    const char *host_header, *path, *origin;
    struct sockaddr_in server;
    int port; /* who connects elsewhere is heard apart: `far` */
    int64_t deadline; /* of the whole run: whatever waits beyond it fails */

    int epoll;
    Client *all;
    int count, opening, ready;
    Channel *channels;
    int channel_count;

    uint16_t run;
    uint64_t random;
    int text_bytes;
    int64_t *sent_at; /* intended time by message number; 0 once acknowledged */
    int64_t sent_room;

    int64_t posted, acks, deliveries, deliveries_due, delivered_bytes, others, reads, wire_bytes;
    int64_t marks, marks_done, pings, pongs, gaps, repeats, mended;
    bool check_order, marking;
    int longest_frame;
    Histogram delivery, far, ack;
    void (*on_ack)(Client *client); /* a scenario that wants to post again */
} clients;

/* ---------------------------------------------------------------- small things */

static inline uint64_t next_random(void)
{
    uint64_t x = clients.random;
    x ^= x << 13, x ^= x >> 7, x ^= x << 17;
    return clients.random = x;
}

static inline uint64_t hash_of(uint64_t number)
{
    number = (number + 1) * 0x9e3779b97f4a7c15ull;
    number = (number ^ number >> 29) * 0xbf58476d1ce4e5b9ull;
    return number ^ number >> 32;
}

static inline void fingerprint_add(Fingerprint *fingerprint, int64_t number)
{
    fingerprint->count++;
    fingerprint->sum += hash_of((uint64_t)number);
}

static inline void write_hex(char *to, uint64_t value, int digits)
{
    for (int i = digits - 1; i >= 0; i--, value >>= 4)
        to[i] = "0123456789abcdef"[value & 15];
}

static inline int64_t read_hex(const char *from, int digits)
{
    int64_t value = 0;
    for (int i = 0; i < digits; i++)
        value = value << 4 | (from[i] <= '9' ? from[i] - '0' : from[i] - 'a' + 10);
    return value;
}

/* ---------------------------------------------------------------- sending */

static void client_watch(Client *client, bool for_room)
{
    struct epoll_event event = {.events = EPOLLIN | (for_room ? EPOLLOUT : 0), .data.ptr = client};
    client->waits_for_room = for_room;
    epoll_ctl(clients.epoll, EPOLL_CTL_MOD, client->fd, &event);
}

static void client_send(Client *client, const char *bytes, size_t length)
{
    size_t taken = 0;
    if (!client->waits_for_room) {
        ssize_t sent = send(client->fd, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno != EAGAIN)
            die("connection %d broke while sending: %s", (int)(client - clients.all), strerror(errno));
        taken = sent < 0 ? 0 : (size_t)sent;
    }
    if (taken < length) {
        buffer_append(&client->out, bytes + taken, length - taken);
        client_watch(client, true);
    }
}

static void client_drain(Client *client)
{
    ssize_t sent = send(client->fd, client->out.bytes, client->out.used, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0)
        buffer_drop(&client->out, (size_t)sent);
    if (client->out.used == 0)
        client_watch(client, false);
}

/* One frame, masked with a key of its own as the RFC asks: the server shall unmask as it must in life. */
static void client_frame(Client *client, unsigned opcode, const char *payload, size_t length)
{
    static char frame[LONGEST_HEAD + 2 * TEXT_LIMIT];
    uint32_t key = (uint32_t)next_random();
    unsigned char mask[4];
    memcpy(mask, &key, 4);
    if (length > 2 * TEXT_LIMIT)
        die("a frame of %zu bytes is too long for this client", length);
    size_t head = frame_head(frame, opcode, length, mask);
    memcpy(frame + head, payload, length);
    apply_mask(frame + head, length, mask);
    client_send(client, frame, head + length);
}

#endif
