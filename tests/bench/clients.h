/* Thousands of connections in one thread: opening them, and letting the network happen.
 *
 * What the scenarios (load.c) need: `clients_open`, `clients_pump` until a moment, `client_post` (talk.h), and at the
 * end `clients_check`: everybody heard everything exactly once. */
#ifndef BENCH_CLIENTS_H
#define BENCH_CLIENTS_H

#include "talk.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <unistd.h>

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif

#define READ_AT_ONCE (256 << 10)
#define EVENTS_A_TURN 512
#define OPENING_AT_ONCE 128 /* below every listen backlog: no SYN is dropped and sent again a second later */
#define PORTS_AN_ADDRESS 5000
#define SMALL_BUFFER 4096 /* of one who stands still: what the kernel would hide is the server's to carry */

/* ---------------------------------------------------------------- opening */

static void send_handshake(Client *client)
{
    char request[4096], address[32], origin[64];
    snprintf(address, sizeof address, "127.0.0.1:%d", client->port);
    snprintf(origin, sizeof origin, "http://%s", address);
    int size = snprintf(request, sizeof request,
                        "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Key: " SAMPLE_KEY "\r\nSec-WebSocket-Version: 13\r\n"
                        "Origin: %s\r\nCookie: %s\r\n\r\n",
                        clients.path, clients.host_header ? clients.host_header : address,
                        clients.origin ? clients.origin : origin, client->cookie);
    if (size >= (int)sizeof request)
        die("the handshake of connection %d is too long", (int)(client - clients.all));
    client->stage = UPGRADING;
    client_send(client, request, (size_t)size);
}

static void on_connected(Client *client)
{
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error)
        die("connection %d could not connect: %s", (int)(client - clients.all), strerror(error));
    client_watch(client, false);
    send_handshake(client);
}

/* Returns how many bytes the server's answer had, 0 while it is not whole. */
static size_t on_upgrade(Client *client, const char *bytes, size_t length)
{
    static const char hello[] = "{\"do\":\"hello\",\"ref\":0}";
    const char *end = memmem(bytes, length, "\r\n\r\n", 4);
    if (!end)
        return 0;
    if (!begins(bytes, length, "HTTP/1.1 101 "))
        die("connection %d was refused: %.*s", (int)(client - clients.all), (int)strcspn(bytes, "\r"), bytes);
    if (!memmem(bytes, length, SAMPLE_ACCEPT, strlen(SAMPLE_ACCEPT)))
        die("the handshake's answer has a wrong Sec-WebSocket-Accept");
    client->stage = GREETING;
    client_frame(client, TEXT, hello, sizeof hello - 1);
    return (size_t)(end + 4 - bytes);
}

/* Another source address for every 5,000 connections: one pair of addresses has no more than 28,000 ports. */
static void bind_source(int fd, int place)
{
    struct sockaddr_in source = {.sin_family = AF_INET};
    int one = 1;
    source.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + (uint32_t)(place / PORTS_AN_ADDRESS));
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&source, sizeof source))
        die("cannot send from %s: %s", inet_ntoa(source.sin_addr), strerror(errno));
}

static void start_opening(Client *client)
{
    int one = 1, small = SMALL_BUFFER, place = (int)(client - clients.all);
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (client->fd < 0)
        die("no socket for connection %d: %s (ulimit -n)", place, strerror(errno));
    setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (client->stalled)
        setsockopt(client->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    if (clients.count > PORTS_AN_ADDRESS)
        bind_source(client->fd, place);
    clients.server.sin_port = htons((uint16_t)client->port);
    if (connect(client->fd, (struct sockaddr *)&clients.server, sizeof clients.server) && errno != EINPROGRESS)
        die("connection %d could not connect: %s", place, strerror(errno));
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT, .data.ptr = client};
    epoll_ctl(clients.epoll, EPOLL_CTL_ADD, client->fd, &event);
    client->stage = CONNECTING;
    clients.opening++;
}

/* ---------------------------------------------------------------- the loop */

/* Handles all whole frames in `bytes` and returns how many bytes they were. */
static size_t digest(Client *client, const char *bytes, size_t length, int64_t now)
{
    Frame frame;
    size_t done = client->stage == UPGRADING ? on_upgrade(client, bytes, length) : 0;
    if (client->stage == UPGRADING)
        return 0;
    while (frame_read(bytes + done, length - done, &frame)) {
        on_frame(client, &frame, bytes + done + frame.head, now);
        done += frame.head + frame.length;
    }
    return done;
}

/* Reads once into a buffer that all share; what is not a whole frame yet waits in the client's own. */
static void on_readable(Client *client)
{
    static char *shared;
    static size_t shared_room;
    size_t held = client->in.used;
    if (held + READ_AT_ONCE > shared_room) {
        shared_room = held + READ_AT_ONCE;
        shared = realloc(shared, shared_room);
        if (!shared)
            die("out of memory: a buffer of %zu bytes", shared_room);
    }
    if (held)
        memcpy(shared, client->in.bytes, held);
    ssize_t got = read(client->fd, shared + held, READ_AT_ONCE);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0)
        die("connection %d was cut: %s", (int)(client - clients.all), got ? strerror(errno) : "the server hung up");
    clients.reads++;
    clients.wire_bytes += got;

    size_t have = held + (size_t)got, done = digest(client, shared, have, now_ns());
    if (done == have) {
        buffer_free(&client->in);
    } else {
        client->in.used = 0;
        buffer_append(&client->in, shared + done, have - done);
    }
}

static void on_event(Client *client, uint32_t events)
{
    if (client->stage == CONNECTING)
        on_connected(client);
    else if ((events & EPOLLOUT) && client->out.used)
        client_drain(client);
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        on_readable(client);
}

/* Lets the network happen once, and waits for it until `until` at most. */
static void clients_pump(int64_t until)
{
    struct epoll_event events[EVENTS_A_TURN];
    int64_t now = now_ns(), wait = until > now ? until - now : 0;
    if (now > clients.deadline)
        die("time is up: %d of %d connections ready, %lld of %lld acks, %lld of %lld deliveries, %lld other frames",
            clients.ready, clients.count, (long long)clients.acks, (long long)clients.posted,
            (long long)clients.deliveries, (long long)clients.deliveries_due, (long long)clients.others);
    if (wait > NANOSECONDS / 10)
        wait = NANOSECONDS / 10;
    struct timespec timeout = {.tv_nsec = (long)wait};
    int count = epoll_pwait2(clients.epoll, events, EVENTS_A_TURN, &timeout, NULL);
    if (count < 0 && errno != EINTR)
        die("epoll failed: %s", strerror(errno));
    for (int i = 0; i < count; i++)
        on_event(events[i].data.ptr, events[i].events);
}

/* Opens all connections, a few at a time, and returns when everybody has been welcomed. */
static void clients_open(void)
{
    clients.epoll = epoll_create1(EPOLL_CLOEXEC);
    int started = 0;
    while (clients.ready < clients.count) {
        while (started < clients.count && clients.opening < OPENING_AT_ONCE)
            start_opening(&clients.all[started++]);
        clients_pump(INT64_MAX);
    }
}

/* Of those that stand still: how many lines the server has cut. What it had sent before is read away first. */
static int clients_cut(void)
{
    static char bytes[READ_AT_ONCE];
    int cut = 0;
    for (int i = 0; i < clients.count; i++) {
        if (!clients.all[i].stalled)
            continue;
        ssize_t got;
        while ((got = read(clients.all[i].fd, bytes, sizeof bytes)) > 0)
            ;
        cut += got == 0 || errno == ECONNRESET;
    }
    return cut;
}

static bool clients_at_rest(void)
{
    return clients.acks == clients.posted && clients.deliveries >= clients.deliveries_due;
}

/* Everybody must have heard each message of his own channels exactly once, and no other. */
static void clients_check(void)
{
    for (int i = 0; i < clients.count; i++) {
        const Client *client = &clients.all[i];
        Fingerprint due = {0};
        if (client->stalled)
            continue;
        for (int j = 0; j < client->channel_count; j++) {
            const Fingerprint *said = &clients.channels[client->channels[j]].said;
            due.count += said->count;
            due.sum += said->sum;
        }
        if (due.count != client->heard.count || due.sum != client->heard.sum)
            die("connection %d heard %lld messages where %lld were said: not each exactly once", i,
                (long long)client->heard.count, (long long)due.count);
    }
}

#endif
