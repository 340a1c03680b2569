/* What the load client is asked to do, and by whom: the command line, and the list of people. */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include "clients.h"

#include <getopt.h>

typedef enum { BURSTS, OPEN, CLOSED, IDLE } Scenario;

static struct {
    Scenario scenario;
    const char *who;
    int burst, in_flight, senders, frame_bytes, server_pid, connections, warm_up, stalled;
    double per_second, rate, seconds, timeout, mark_every, lead_in;
    bool alive;
} options = {.who = NULL, .burst = 10, .in_flight = 8, .frame_bytes = 250, .warm_up = 20,
             .per_second = 100, .rate = 1000, .seconds = 5, .timeout = 60};

/* ---------------------------------------------------------------- who connects */

static int channel_place(int64_t id)
{
    for (int i = 0; i < clients.channel_count; i++)
        if (clients.channels[i].id == id)
            return i;
    clients.channels = realloc(clients.channels, (size_t)(clients.channel_count + 1) * sizeof *clients.channels);
    if (!clients.channels)
        die("out of memory: channels");
    clients.channels[clients.channel_count] = (Channel){.id = id, .first_member = clients.count - 1};
    return clients.channel_count++;
}

static void read_channels(Client *client, char *list)
{
    for (char *word = strtok(list, ","); word; word = strtok(NULL, ",")) {
        int place = channel_place(atoll(word));
        client->channels = realloc(client->channels, (size_t)(client->channel_count + 1) * sizeof *client->channels);
        if (!client->channels)
            die("out of memory: channels");
        client->channels[client->channel_count++] = place;
        clients.channels[place].members++;
    }
    client->revs = calloc((size_t)client->channel_count, sizeof *client->revs);
}

static void read_person(char *line)
{
    char *tab = strchr(line, '\t');
    if (!tab || !tab[1])
        die("%s: a line is a cookie, a tab and channels: %s", options.who, line);
    *tab = 0;
    char *port = strchr(tab + 1, '\t');
    if (port)
        *port++ = 0;
    clients.all = realloc(clients.all, (size_t)(clients.count + 1) * sizeof *clients.all);
    if (!clients.all)
        die("out of memory: connections");
    Client *client = &clients.all[clients.count++];
    *client = (Client){.fd = -1, .cookie = strdup(line), .port = port ? atoi(port) : clients.port};
    read_channels(client, tab + 1);
}

static void read_people(void)
{
    char *line = NULL;
    size_t room = 0;
    FILE *file = fopen(options.who, "r");
    if (!file)
        die("%s: %s", options.who, strerror(errno));
    while ((!options.connections || clients.count < options.connections) && getline(&line, &room, file) > 0) {
        line[strcspn(line, "\r\n")] = 0;
        read_person(line);
    }
    free(line);
    fclose(file);
    if (clients.count < options.connections || clients.count == 0)
        die("%s names %d people, not %d", options.who, clients.count, options.connections);
}

/* The last of the list stand still: nobody waits for what they hear. */
static void stall_some(void)
{
    for (int i = clients.count - options.stalled; i < clients.count; i++) {
        Client *client = &clients.all[i];
        client->stalled = true;
        for (int j = 0; j < client->channel_count; j++)
            clients.channels[client->channels[j]].members--;
    }
}

/* ---------------------------------------------------------------- options */

static Scenario scenario_named(const char *name)
{
    static const char *const names[] = {"bursts", "open", "closed", "idle"};
    for (int i = 0; i < 4; i++)
        if (strcmp(name, names[i]) == 0)
            return (Scenario)i;
    die("unknown scenario: %s (bursts, open, closed, idle)", name);
}

static const struct option LONG_OPTIONS[] = {
    {"scenario", 1, 0, 's'}, {"who", 1, 0, 'w'}, {"port", 1, 0, 'p'}, {"path", 1, 0, 'a'},
    {"origin", 1, 0, 'o'}, {"host", 1, 0, 'h'}, {"connections", 1, 0, 'n'}, {"senders", 1, 0, 'm'},
    {"burst", 1, 0, 'b'}, {"per-second", 1, 0, 'f'}, {"rate", 1, 0, 'r'}, {"in-flight", 1, 0, 'i'},
    {"seconds", 1, 0, 't'}, {"timeout", 1, 0, 'T'}, {"frame-bytes", 1, 0, 'y'}, {"warm-up", 1, 0, 'u'},
    {"server-pid", 1, 0, 'P'}, {"mark-every", 1, 0, 'k'}, {"stalled", 1, 0, 'S'}, {"check-order", 1, 0, 'c'},
    {"lead-in", 1, 0, 'l'}, {"alive", 1, 0, 'A'}, {0, 0, 0, 0}};

static void take(int option, char *value)
{
    switch (option) {
    case 's': options.scenario = scenario_named(value); break;
    case 'w': options.who = value; break;
    case 'p': clients.port = atoi(value); break;
    case 'a': clients.path = value; break;
    case 'o': clients.origin = value; break;
    case 'h': clients.host_header = value; break;
    case 'n': options.connections = atoi(value); break;
    case 'm': options.senders = atoi(value); break;
    case 'b': options.burst = atoi(value); break;
    case 'f': options.per_second = atof(value); break;
    case 'r': options.rate = atof(value); break;
    case 'i': options.in_flight = atoi(value); break;
    case 't': options.seconds = atof(value); break;
    case 'T': options.timeout = atof(value); break;
    case 'y': options.frame_bytes = atoi(value); break;
    case 'u': options.warm_up = atoi(value); break;
    case 'P': options.server_pid = atoi(value); break;
    case 'k': options.mark_every = atof(value); break;
    case 'S': options.stalled = atoi(value); break;
    case 'c': clients.check_order = atoi(value); break;
    case 'l': options.lead_in = atof(value); break;
    case 'A': options.alive = atoi(value); break;
    default: die("usage: load --scenario bursts|open|closed|idle --who FILE --port PORT [see load.c]");
    }
}

static void read_options(int count, char **words)
{
    int option;
    while ((option = getopt_long(count, words, "", LONG_OPTIONS, NULL)) != -1)
        take(option, optarg);
    if (!options.who || clients.port <= 0 || options.per_second <= 0 || options.rate <= 0 || options.burst < 1)
        die("--who and --port are needed, and every rate is greater than 0");
    clients.path = clients.path ? clients.path : "/";
}

#endif
