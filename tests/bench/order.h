/* The rule of `rev`, as docs/protocol.md has it: what a client counts that sees a gap, or hears something late. */
#ifndef BENCH_ORDER_H
#define BENCH_ORDER_H

#include "people.h"

/* Where the client keeps the rev that it holds of a channel; its own few channels are searched one by one. */
static int64_t *held_rev(Client *client, int64_t channel)
{
    for (int i = 0; i < client->channel_count; i++)
        if (clients.channels[client->channels[i]].id == channel)
            return &client->revs[i];
    die("connection %d heard of channel %lld, which is not its own", (int)(client - clients.all), (long long)channel);
}

/* An event of a channel: the next one, or one too many, or one too early. The first that comes begins the count. */
static void follow_rev(Client *client, const char *payload, size_t length)
{
    int64_t *held = held_rev(client, number_after(payload, length, "\"channel\":"));
    int64_t rev = number_after(payload, length, "\"rev\":");
    if (*held && rev > *held + 1)
        clients.gaps++;
    if (*held && rev <= *held)
        clients.repeats++;
    if (rev > *held)
        *held = rev;
}

#endif
