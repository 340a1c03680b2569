/* The load client: many people on WebSockets, one scenario, one line of JSON.
 *
 *   bursts   `--burst` messages from as many senders at once, at most `--per-second` times a second: the next one
 *            waits until everybody has heard the one before, so that latencies are those of one burst
 *   open     posts at `--rate` a second whatever the server does, timed from the intended moment
 *   closed   `--senders` people keep `--in-flight` posts waiting each: the highest rate
 *   idle     connects, holds still; with `--alive 1` everybody then answers a ping and hears a message of each channel
 *
 * Who connects stands in `--who`, one line a person: the Cookie header, a tab, the channels (1,2,3) that the person
 * is a member of and posts into in turn, and perhaps a tab and another port: what comes there is timed apart. With
 * `--server-pid` the server's CPU time and memory are read from /proc exactly at the beginning and the end of what is
 * measured. `--mark-every` lets everybody read along, `--stalled` people at the end of the list never read again,
 * `--check-order` counts what the rule of `rev` calls a gap, `--lead-in` seconds of the same go before what is
 * measured. Any failure: one sentence on stderr and exit code 1. */
#define _GNU_SOURCE
#include "options.h"

#include <sys/prctl.h>
#include <sys/random.h>

/* What the process under test has used up to a moment. */
typedef struct {
    int64_t at, posted, deliveries, delivered_bytes, reads, wire_bytes, marks;
    double own_cpu, server_cpu;
} Mark;

static struct {
    Mark begin, end;
    int64_t rss_before, rss_after, alive_after;
    Histogram send_span; /* from a burst's first send to its last */
    int next_sender;
    int64_t marking_since, marks_given; /* how often anybody's turn to mark has come */
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
                  .wire_bytes = clients.wire_bytes, .marks = clients.marks, .own_cpu = own_cpu_seconds(),
                  .server_cpu = server_cpu()};
}

/* ---------------------------------------------------------------- reading along */

/* When the next person's turn to mark comes: all are spread evenly over the time in which each may mark once. */
static int64_t next_marking(void)
{
    double period = options.mark_every * (double)NANOSECONDS / clients.count;
    return run.marking_since + (int64_t)((double)run.marks_given * period);
}

/* Lets the network happen until a moment at most, and those mark whose turn it is. */
static void pump(int64_t until)
{
    if (clients.marking) {
        for (int64_t now = now_ns(); next_marking() <= now; run.marks_given++)
            client_mark(&clients.all[run.marks_given % clients.count]);
        if (next_marking() < until)
            until = next_marking();
    }
    clients_pump(until);
}

/* ---------------------------------------------------------------- scenarios */

static void wait_for_rest(void)
{
    while (!clients_at_rest())
        pump(INT64_MAX);
}

static void wait_until(int64_t moment)
{
    do
        pump(moment);
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
            pump(0); /* late: send on, but do not stop hearing */
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
}

static void act(int64_t begin, double seconds)
{
    int64_t end = begin + (int64_t)(seconds * (double)NANOSECONDS);
    if (options.scenario == BURSTS)
        bursts(end);
    else if (options.scenario == OPEN)
        open_loop(begin, end);
    else if (options.scenario == CLOSED)
        closed_loop(end);
    else
        wait_until(end);
}

static void measure(void)
{
    if (options.scenario != IDLE)
        warm_up();
    run.marking_since = now_ns();
    clients.marking = options.mark_every > 0;
    if (options.lead_in > 0)
        act(now_ns(), options.lead_in);
    memset(&run.send_span, 0, sizeof run.send_span);
    memset(&clients.delivery, 0, sizeof clients.delivery);
    memset(&clients.far, 0, sizeof clients.far);
    memset(&clients.ack, 0, sizeof clients.ack);
    run.begin = mark();
    act(run.begin.at, options.seconds);
    run.end = mark();
    clients.marking = false;
}

/* Everybody answers a ping; then somebody of each channel says something, and everybody hears it. */
static void see_who_is_alive(void)
{
    int64_t began = now_ns();
    for (int i = 0; i < clients.count; i++)
        client_ping(&clients.all[i]);
    while (clients.pongs < clients.count)
        pump(INT64_MAX);
    run.alive_after = now_ns() - began;
    clients.text_bytes = MARK_LENGTH;
    for (int i = 0; i < clients.channel_count; i++)
        client_post(&clients.all[clients.channels[i].first_member], now_ns());
    wait_for_rest();
}

/* After what was measured: a message told twice may come late, and marks are answered after up to a second. */
static void finish(void)
{
    run.rss_after = server_rss_kb();
    if (options.alive)
        see_who_is_alive();
    wait_until(now_ns() + NANOSECONDS / 20);
    while (clients.marks_done < clients.marks)
        pump(INT64_MAX);
    clients_check();
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

#define SAID_ONE_BY_ONE 10000

/* Few enough are said one by one, so that several runs can be looked at as one. */
static void say_each(const char *name, const Histogram *histogram)
{
    const char *between = "";
    printf(",\"%s_us\":[", name);
    for (int bucket = 0; bucket < BUCKETS && histogram->total <= SAID_ONE_BY_ONE; bucket++)
        for (int64_t i = 0; i < histogram->counts[bucket]; i++, between = ",")
            printf("%s%.1f", between, (double)value_of_bucket(bucket) / 1e3);
    printf("]");
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
    say_latency("far", &clients.far);
    say_latency("ack", &clients.ack);
    say_each("ack", &clients.ack);
    printf(",\"server_cpu_s\":%.3f,\"server_busy\":%.3f", cpu, cpu / seconds);
    printf(",\"cpu_per_delivery_us\":%.4f", per(cpu * 1e6, deliveries));
    printf(",\"cpu_per_message_us\":%.3f", per(cpu * 1e6, messages));
    printf(",\"client_cpu_s\":%.3f,\"client_busy\":%.3f", own_cpu, own_cpu / seconds);
    printf(",\"reads\":%lld", (long long)(run.end.reads - run.begin.reads));
    say_latency("send_span", &run.send_span);
    printf(",\"marks\":%lld,\"gaps\":%lld,\"repeats\":%lld,\"mended\":%lld",
           (long long)(run.end.marks - run.begin.marks), (long long)clients.gaps, (long long)clients.repeats,
           (long long)clients.mended);
    printf(",\"pings\":%lld,\"pongs\":%lld,\"alive_ms\":%.1f", (long long)clients.pings, (long long)clients.pongs,
           (double)run.alive_after / 1e6);
    printf(",\"stalled\":%d,\"stalled_cut\":%d", options.stalled, clients_cut());
    printf(",\"others\":%lld,\"rss_before_kb\":%lld,\"rss_after_kb\":%lld}\n", (long long)clients.others,
           (long long)run.rss_before, (long long)run.rss_after);
}

/* ---------------------------------------------------------------- the run */

static void prepare(void)
{
    clients.server = (struct sockaddr_in){.sin_family = AF_INET};
    clients.server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    double whole = options.timeout + options.lead_in + options.seconds;
    clients.deadline = now_ns() + (int64_t)(whole * (double)NANOSECONDS);
    if (getrandom(&clients.random, sizeof clients.random, 0) != sizeof clients.random)
        die("no random numbers");
    clients.random |= 1;
    clients.run = (uint16_t)next_random();
    if (options.stalled < 0 || options.stalled >= clients.count)
        die("%d of %d people cannot stand still", options.stalled, clients.count);
    stall_some();
    if (!options.senders || options.senders > clients.count - options.stalled)
        options.senders = clients.count - options.stalled;
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
    finish();
    say_result();
    return 0;
}
