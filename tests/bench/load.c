/* The load client: many people on WebSockets, one scenario, one line of JSON.
 *
 *   bursts   `--burst` messages from as many senders at once, at most `--per-second` times a second: the next one
 *            waits until everybody has heard the one before, so that latencies are those of one burst
 *   open     posts at `--rate` a second whatever the server does, timed from the intended moment
 *   closed   `--senders` people keep `--in-flight` posts waiting each: the highest rate
 *   idle     connects, holds still
 *
 * Who connects stands in `--who`, one line a person: the Cookie header, a tab, the channels (1,2,3) that the person
 * is a member of and posts into in turn. With `--server-pid` the server's CPU time and memory are read from /proc
 * exactly at the beginning and the end of what is measured. Any failure: one sentence on stderr and exit code 1. */
#define _GNU_SOURCE
#include "clients.h"

#include <getopt.h>
#include <sys/prctl.h>
#include <sys/random.h>

typedef enum { BURSTS, OPEN, CLOSED, IDLE } Scenario;

static struct {
    Scenario scenario;
    const char *who;
    int port, burst, in_flight, senders, frame_bytes, server_pid, connections, warm_up;
    double per_second, rate, seconds, timeout;
} options = {.who = NULL, .burst = 10, .in_flight = 8, .frame_bytes = 250, .warm_up = 20,
             .per_second = 100, .rate = 1000, .seconds = 5, .timeout = 60};

/* What the process under test has used up to a moment. */
typedef struct {
    int64_t at, posted, deliveries, delivered_bytes, reads, wire_bytes;
    double own_cpu, server_cpu;
} Mark;

static struct {
    Mark begin, end;
    int64_t rss_before, rss_after;
    Histogram send_span; /* from a burst's first send to its last */
    int next_sender;
} run;

/* ---------------------------------------------------------------- the server's own accounting */

/* utime + stime of all its threads, the ended ones too. The kernel keeps the sum exactly; only the unit is coarse. */
static double server_cpu(void)
{
    char path[64], line[1024];
    unsigned long long user, system;
    if (!options.server_pid)
        return 0;
    snprintf(path, sizeof path, "/proc/%d/stat", options.server_pid);
    FILE *file = fopen(path, "r");
    if (!file || !fgets(line, sizeof line, file))
        die("the server (process %d) is gone", options.server_pid);
    fclose(file);
    /* The second field is the program's name in brackets, and may contain anything. */
    const char *rest = strrchr(line, ')');
    if (!rest || sscanf(rest + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user, &system) != 2)
        die("%s is not understood: %s", path, line);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static int64_t server_rss_kb(void)
{
    char path[64], line[256];
    long long kilobytes = 0;
    if (!options.server_pid)
        return 0;
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", options.server_pid);
    FILE *file = fopen(path, "r");
    if (!file)
        die("the memory of the server (process %d) cannot be read: %s", options.server_pid, strerror(errno));
    while (fgets(line, sizeof line, file))
        if (sscanf(line, "Rss: %lld kB", &kilobytes) == 1)
            break;
    fclose(file);
    return kilobytes;
}

static Mark mark(void)
{
    return (Mark){.at = now_ns(), .posted = clients.posted, .deliveries = clients.deliveries,
                  .delivered_bytes = clients.delivered_bytes, .reads = clients.reads,
                  .wire_bytes = clients.wire_bytes, .own_cpu = own_cpu_seconds(), .server_cpu = server_cpu()};
}

/* ---------------------------------------------------------------- scenarios */

static void wait_for_rest(void)
{
    while (!clients_at_rest())
        clients_pump(INT64_MAX);
}

static void wait_until(int64_t moment)
{
    do
        clients_pump(moment);
    while (now_ns() < moment);
}

static Client *next_sender(void)
{
    Client *client = &clients.all[run.next_sender];
    run.next_sender = (run.next_sender + 1) % options.senders;
    return client;
}

static void one_burst(void)
{
    int64_t began = now_ns();
    for (int i = 0; i < options.burst; i++)
        client_post(next_sender(), now_ns());
    histogram_add(&run.send_span, now_ns() - began);
}

static void bursts(int64_t end)
{
    int64_t period = (int64_t)((double)NANOSECONDS / options.per_second);
    for (int64_t next = now_ns(); next < end; next = next + period > now_ns() ? next + period : now_ns()) {
        wait_until(next);
        one_burst();
        wait_for_rest();
    }
}

static void open_loop(int64_t begin, int64_t end)
{
    double gap = (double)NANOSECONDS / options.rate;
    for (int64_t i = 0; begin + (int64_t)((double)i * gap) < end; i++) {
        int64_t intended = begin + (int64_t)((double)i * gap);
        if (now_ns() < intended)
            wait_until(intended);
        else if (i % 16 == 0)
            clients_pump(0); /* late: send on, but do not stop hearing */
        client_post(next_sender(), intended);
    }
    wait_for_rest();
}

static int64_t closed_loop_ends;

static void post_again(Client *client)
{
    int64_t now = now_ns();
    if (now < closed_loop_ends)
        client_post(client, now);
}

static void closed_loop(int64_t end)
{
    closed_loop_ends = end;
    clients.on_ack = post_again;
    for (int i = 0; i < options.senders * options.in_flight; i++)
        client_post(next_sender(), now_ns());
    wait_until(end);
    wait_for_rest();
    clients.on_ack = NULL;
}

/* Makes the text as long as fills the frames: what stands around it is the server's choice. */
static void fit_text(void)
{
    clients.text_bytes += options.frame_bytes - clients.longest_frame;
    if (clients.text_bytes < MARK_LENGTH)
        clients.text_bytes = MARK_LENGTH;
    if (clients.text_bytes > TEXT_LIMIT)
        die("frames of %d bytes are longer than this client can make", options.frame_bytes);
    clients.longest_frame = 0;
}

/* One message shows how long a frame is around its text; a few bursts warm the server's caches and bring its
 * numbers to the digits that they will have. Not measured. */
static void warm_up(void)
{
    clients.text_bytes = MARK_LENGTH;
    client_post(next_sender(), now_ns());
    wait_for_rest();
    fit_text();
    for (int i = 0; i < options.warm_up; i++) {
        one_burst();
        wait_for_rest();
    }
    if (options.warm_up)
        fit_text();
    memset(&run.send_span, 0, sizeof run.send_span);
    memset(&clients.delivery, 0, sizeof clients.delivery);
    memset(&clients.ack, 0, sizeof clients.ack);
}

static void measure(void)
{
    if (options.scenario != IDLE)
        warm_up();
    run.begin = mark();
    int64_t begin = run.begin.at, end = begin + (int64_t)(options.seconds * (double)NANOSECONDS);
    if (options.scenario == BURSTS)
        bursts(end);
    else if (options.scenario == OPEN)
        open_loop(begin, end);
    else if (options.scenario == CLOSED)
        closed_loop(end);
    else
        wait_until(end);
    run.end = mark();
}

/* ---------------------------------------------------------------- the result */

static double microseconds(const Histogram *histogram, double share)
{
    return (double)histogram_quantile(histogram, share) / 1e3;
}

static double per(double amount, int64_t count)
{
    return count ? amount / (double)count : 0;
}

static void say_latency(const char *name, const Histogram *histogram)
{
    printf(",\"%s_p50_us\":%.1f,\"%s_p99_us\":%.1f,\"%s_max_us\":%.1f", name, microseconds(histogram, 0.50), name,
           microseconds(histogram, 0.99), name, (double)histogram->highest / 1e3);
}

static void say_result(void)
{
    static const char *const names[] = {"bursts", "open", "closed", "idle"};
    double seconds = (double)(run.end.at - run.begin.at) / 1e9;
    double cpu = run.end.server_cpu - run.begin.server_cpu, own_cpu = run.end.own_cpu - run.begin.own_cpu;
    int64_t messages = run.end.posted - run.begin.posted, deliveries = run.end.deliveries - run.begin.deliveries;

    printf("{\"scenario\":\"%s\",\"connections\":%d,\"seconds\":%.3f", names[options.scenario], clients.count, seconds);
    printf(",\"messages\":%lld,\"messages_per_s\":%.1f", (long long)messages, (double)messages / seconds);
    printf(",\"deliveries\":%lld,\"deliveries_per_s\":%.1f", (long long)deliveries, (double)deliveries / seconds);
    printf(",\"frame_bytes\":%.1f", per((double)(run.end.delivered_bytes - run.begin.delivered_bytes), deliveries));
    say_latency("delivery", &clients.delivery);
    say_latency("ack", &clients.ack);
    printf(",\"server_cpu_s\":%.3f,\"server_busy\":%.3f", cpu, cpu / seconds);
    printf(",\"cpu_per_delivery_us\":%.4f", per(cpu * 1e6, deliveries));
    printf(",\"cpu_per_message_us\":%.3f", per(cpu * 1e6, messages));
    printf(",\"client_cpu_s\":%.3f,\"client_busy\":%.3f", own_cpu, own_cpu / seconds);
    printf(",\"reads\":%lld", (long long)(run.end.reads - run.begin.reads));
    say_latency("send_span", &run.send_span);
    printf(",\"others\":%lld,\"rss_before_kb\":%lld,\"rss_after_kb\":%lld}\n", (long long)clients.others,
           (long long)run.rss_before, (long long)run.rss_after);
}

/* ---------------------------------------------------------------- who connects */

static int channel_place(int64_t id)
{
    for (int i = 0; i < clients.channel_count; i++)
        if (clients.channels[i].id == id)
            return i;
    clients.channels = realloc(clients.channels, (size_t)(clients.channel_count + 1) * sizeof *clients.channels);
    if (!clients.channels)
        die("out of memory: channels");
    clients.channels[clients.channel_count] = (Channel){.id = id};
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
}

static void read_person(char *line)
{
    char *tab = strchr(line, '\t');
    if (!tab || !tab[1])
        die("%s: a line is a cookie, a tab and channels: %s", options.who, line);
    *tab = 0;
    clients.all = realloc(clients.all, (size_t)(clients.count + 1) * sizeof *clients.all);
    if (!clients.all)
        die("out of memory: connections");
    Client *client = &clients.all[clients.count++];
    *client = (Client){.fd = -1, .cookie = strdup(line)};
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
    {"server-pid", 1, 0, 'P'}, {0, 0, 0, 0}};

static void take(int option, char *value)
{
    switch (option) {
    case 's': options.scenario = scenario_named(value); break;
    case 'w': options.who = value; break;
    case 'p': options.port = atoi(value); break;
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
    default: die("usage: load --scenario bursts|open|closed|idle --who FILE --port PORT [see load.c]");
    }
}

static void read_options(int count, char **words)
{
    static char address[32], origin[64];
    int option;
    while ((option = getopt_long(count, words, "", LONG_OPTIONS, NULL)) != -1)
        take(option, optarg);
    if (!options.who || options.port <= 0 || options.per_second <= 0 || options.rate <= 0 || options.burst < 1)
        die("--who and --port are needed, and every rate is greater than 0");
    snprintf(address, sizeof address, "127.0.0.1:%d", options.port);
    snprintf(origin, sizeof origin, "http://%s", address);
    clients.host_header = clients.host_header ? clients.host_header : address;
    clients.origin = clients.origin ? clients.origin : origin;
    clients.path = clients.path ? clients.path : "/";
}

static void prepare(void)
{
    clients.server = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)options.port)};
    clients.server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    clients.deadline = now_ns() + (int64_t)((options.timeout + options.seconds) * (double)NANOSECONDS);
    if (getrandom(&clients.random, sizeof clients.random, 0) != sizeof clients.random)
        die("no random numbers");
    clients.random |= 1;
    clients.run = (uint16_t)next_random();
    if (!options.senders || options.senders > clients.count)
        options.senders = clients.count;
    /* Timers wake 50 µs late by default: that would be half of what a quick server needs. */
    prctl(PR_SET_TIMERSLACK, 1);
}

int main(int count, char **words)
{
    read_options(count, words);
    allow_many_files();
    read_people();
    prepare();
    run.rss_before = server_rss_kb();
    clients_open();
    measure();
    wait_until(now_ns() + NANOSECONDS / 20); /* a message told twice may come late */
    clients_check();
    run.rss_after = server_rss_kb();
    say_result();
    return 0;
}
