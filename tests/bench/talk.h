/* What people say and hear: posts with their moment in the text; every frame heard is counted, timed, checked. */
#ifndef BENCH_TALK_H
#define BENCH_TALK_H

#include "order.h"

/* ---------------------------------------------------------------- posting */

static void remember_sending(int64_t number, int64_t at)
{
    if (number == clients.sent_room) {
        clients.sent_room = clients.sent_room ? clients.sent_room * 2 : 1 << 16;
        clients.sent_at = realloc(clients.sent_at, (size_t)clients.sent_room * sizeof *clients.sent_at);
        if (!clients.sent_at)
            die("out of memory: the times of %lld messages", (long long)clients.sent_room);
    }
    clients.sent_at[number] = at;
}

/* UUIDv7: milliseconds, then random bits. The message's number is among them, so no two are alike. */
static void write_client_id(char *to, int64_t number)
{
    struct timespec wall;
    clock_gettime(CLOCK_REALTIME, &wall);
    uint64_t milliseconds = (uint64_t)wall.tv_sec * 1000 + (uint64_t)wall.tv_nsec / 1000000;
    uint64_t random = next_random();
    write_hex(to, milliseconds >> 16, 8);
    to[8] = '-';
    write_hex(to + 9, milliseconds & 0xffff, 4);
    to[13] = '-';
    write_hex(to + 14, 0x7000 | (random & 0xfff), 4);
    to[18] = '-';
    write_hex(to + 19, 0x8000 | (random >> 12 & 0x3fff), 4);
    to[23] = '-';
    write_hex(to + 24, (uint64_t)number & 0xffffffff, 8);
    write_hex(to + 32, random >> 26 & 0xffff, 4);
}

static void write_text(char *to, int64_t number, int64_t at)
{
    static const char filler[] = "the quick brown fox jumps over the lazy dog and says good morning to everyone; ";
    to[0] = MARK;
    write_hex(to + 1, clients.run, 4);
    write_hex(to + 5, (uint64_t)number, 8);
    write_hex(to + 13, (uint64_t)at, 16);
    for (int i = MARK_LENGTH; i < clients.text_bytes; i++)
        to[i] = filler[(size_t)i % (sizeof filler - 1)];
}

/* Posts one message into the client's next channel. `at` is when it should have been sent: an open loop that runs
 * late counts its own delay as the server's, which is the only honest way (coordinated omission). */
static void client_post(Client *client, int64_t at)
{
    static char command[TEXT_LIMIT + 512];
    char id[36], text[TEXT_LIMIT];
    int64_t number = clients.posted++;
    Channel *channel = &clients.channels[client->channels[client->next_channel]];
    client->next_channel = (client->next_channel + 1) % client->channel_count;

    write_client_id(id, number);
    write_text(text, number, at);
    int size = snprintf(command, sizeof command,
                        "{\"do\":\"post\",\"ref\":%lld,\"channel\":%lld,\"client_id\":\"%.36s\",\"text\":\"%.*s\"}",
                        (long long)number + 1, (long long)channel->id, id, clients.text_bytes, text);
    remember_sending(number, at);
    fingerprint_add(&channel->said, number);
    clients.deliveries_due += channel->members;
    client->in_flight++;
    client_frame(client, TEXT, command, (size_t)size);
}

/* ---------------------------------------------------------------- marks and signs of life */

/* Reports the newest message that the client has heard as read, unless it has reported it before. */
static void client_mark(Client *client)
{
    char command[128];
    if (client->stalled || client->seen == client->marked)
        return;
    client->marked = client->seen;
    int size = snprintf(command, sizeof command, "{\"do\":\"mark\",\"ref\":0,\"channel\":%lld,\"seq\":%lld}",
                        (long long)client->seen_channel, (long long)client->seen);
    clients.marks++;
    client_frame(client, TEXT, command, (size_t)size);
}

static void client_ping(Client *client)
{
    static const char command[] = "{\"do\":\"ping\",\"ref\":0}";
    client_frame(client, TEXT, command, sizeof command - 1);
}

/* ---------------------------------------------------------------- hearing */

/* One message, whose text begins at `mark`. */
static void on_message(Client *client, const char *mark, const char *end, int64_t now)
{
    if (mark + MARK_LENGTH > end || read_hex(mark + 1, 4) != clients.run)
        die("a message came that this run has not sent: %.*s", (int)(end - mark), mark);
    int64_t number = read_hex(mark + 5, 8);
    if (number >= clients.posted)
        die("message %lld came before it was sent", (long long)number);
    fingerprint_add(&client->heard, number);
    histogram_add(client->port == clients.port ? &clients.delivery : &clients.far, now - read_hex(mark + 13, 16));
    clients.deliveries++;
}

static void on_posted(Client *client, const char *payload, size_t length, int64_t now)
{
    const char *mark = memchr(payload, MARK, length);
    if (!mark)
        die("a message came that this run has not sent: %.*s", (int)length, payload);
    if (clients.check_order)
        follow_rev(client, payload, length);
    on_message(client, mark, payload + length, now);
    if (clients.marking) {
        client->seen_channel = number_after(payload, length, "\"channel\":");
        client->seen = number_after(payload, length, "\"seq\":");
    }
    clients.delivered_bytes += (int64_t)length;
    if ((int)length > clients.longest_frame)
        clients.longest_frame = (int)length;
}

/* The rows that the server read anew for all who watch, after it had missed an event itself. Those that the client
 * holds already are passed over, as the protocol says. */
static void on_changes(Client *client, const char *payload, size_t length, int64_t now)
{
    int64_t *held = held_rev(client, number_after(payload, length, "\"channel\":"));
    int64_t rev = number_after(payload, length, "\"rev\":");
    const char *end = payload + length, *at = memmem(payload, length, "\"messages\":", 11), *mark;
    while (at && (mark = memchr(at, MARK, (size_t)(end - at)))) {
        if (number_after(at, (size_t)(mark - at), "\"rev\":") > *held)
            on_message(client, mark, end, now);
        at = mark + 1;
    }
    if (rev > *held)
        *held = rev;
    clients.mended++;
}

static void on_ack(Client *client, const char *payload, size_t length, int64_t now)
{
    int64_t number = number_after(payload, length, "\"ref\":") - 1;
    if (number < 0 || number >= clients.posted || clients.sent_at[number] == 0)
        die("an ack came for nothing that waits for one: %.*s", (int)length, payload);
    histogram_add(&clients.ack, now - clients.sent_at[number]);
    clients.sent_at[number] = 0;
    clients.acks++;
    client->in_flight--;
    if (clients.on_ack)
        clients.on_ack(client);
}

static void on_welcome(Client *client)
{
    if (client->stage != GREETING)
        die("connection %d was welcomed twice", (int)(client - clients.all));
    client->stage = READY;
    clients.opening--;
    clients.ready++;
    if (client->stalled)
        epoll_ctl(clients.epoll, EPOLL_CTL_DEL, client->fd, NULL);
}

static void on_text(Client *client, const char *payload, size_t length, int64_t now)
{
    if (begins(payload, length, "{\"is\":\"message.posted\""))
        on_posted(client, payload, length, now);
    else if (begins(payload, length, "{\"is\":\"ack\""))
        on_ack(client, payload, length, now);
    else if (begins(payload, length, "{\"is\":\"welcome\""))
        on_welcome(client);
    else if (begins(payload, length, "{\"is\":\"changes\"") && clients.check_order)
        on_changes(client, payload, length, now);
    else if (begins(payload, length, "{\"is\":\"done\""))
        clients.marks_done++;
    else if (begins(payload, length, "{\"is\":\"pong\""))
        clients.pongs++;
    else if (begins(payload, length, "{\"is\":\"error\"") || begins(payload, length, "{\"is\":\"bye\""))
        die("the server refused on connection %d: %.*s", (int)(client - clients.all), (int)length, payload);
    else
        clients.others++;
}

static void on_close(Client *client, const char *payload, size_t length)
{
    unsigned code = length >= 2 ? (unsigned)big_endian((const unsigned char *)payload, 2) : 1005;
    int reason = length > 2 ? (int)length - 2 : 0;
    die("the server closed connection %d with %u %.*s", (int)(client - clients.all), code, reason, payload + 2);
}

static void on_frame(Client *client, const Frame *frame, const char *payload, int64_t now)
{
    if (frame->masked || !frame->final)
        die("the server sent a %s frame", frame->masked ? "masked" : "fragmented");
    if (frame->opcode == TEXT)
        on_text(client, payload, frame->length, now);
    else if (frame->opcode == PING)
        clients.pings++, client_frame(client, PONG, payload, frame->length);
    else if (frame->opcode == CLOSE)
        on_close(client, payload, frame->length);
    else if (frame->opcode != PONG)
        die("the server sent a frame of kind %u", frame->opcode);
}

#endif
