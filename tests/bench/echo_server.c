/* The physical limit: what delivering a frame costs when a server does nothing else.
 *
 * One thread, epoll, C. It keeps nothing, asks no rights and knows one channel, in which everybody is. A posted
 * text goes to every connection as one 250-byte frame:
 *
 *   send   one send() a recipient and message: the unit that Renraku's cost is compared with
 *   join   all messages of one epoll turn joined, one send() a recipient: the limit of what joining can bring
 *
 * It speaks just enough of Renraku's frames (hello, post, mark, ping) that the same client measures both. The first
 * line on stdout is {"port":N}; SIGUSR1 and the end (SIGTERM, SIGINT) each print one line with its own CPU time.
 * `--fault` makes it misbehave on purpose: the tests prove with it that the load client notices. */
#define _GNU_SOURCE
#include "handshake.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS_A_TURN 1024
#define READ_AT_ONCE (64 << 10)
#define HANDSHAKE_LIMIT 8192
#define WRONG 20 /* the message with which a fault shows: somewhere after the warm-up */
#define AT 1700000000000LL /* when everything was said: it only has to be as long as a real one */

typedef struct {
    int fd;
    int place; /* where it stands in `open_ones`, or -1 before the handshake is over */
    bool waits_for_room; /* the kernel's buffer was full: `out` holds what it did not take */
    Buffer in, out;
} Connection;

typedef enum { NO_FAULT, TORN, DROP, DOUBLE, SKIP, MEND } Fault;

static struct {
    int epoll, listener, signals;
    bool join;
    Fault fault;
    Connection **open_ones;
    int open_count, open_room;
    Buffer turn; /* in mode join: the frames of this epoll turn */
    int64_t messages, sends, bytes, pongs;
} server;

/* ---------------------------------------------------------------- the set of open connections */

static void enter(Connection *connection)
{
    if (server.open_count == server.open_room) {
        server.open_room = server.open_room ? server.open_room * 2 : 1024;
        server.open_ones = realloc(server.open_ones, (size_t)server.open_room * sizeof *server.open_ones);
        if (!server.open_ones)
            die("out of memory: a list of %d connections", server.open_room);
    }
    connection->place = server.open_count;
    server.open_ones[server.open_count++] = connection;
}

static void leave(Connection *connection)
{
    if (connection->place >= 0) {
        Connection *last = server.open_ones[--server.open_count];
        server.open_ones[connection->place] = last;
        last->place = connection->place;
    }
    close(connection->fd);
    connection->fd = -1;
    buffer_free(&connection->in);
    buffer_free(&connection->out);
    /* The struct stays: another event of this turn may still point to it. A bench run leaks a few kilobytes. */
}

/* ---------------------------------------------------------------- sending */

static void watch(Connection *connection, bool for_room)
{
    struct epoll_event event = {.events = EPOLLIN | (for_room ? EPOLLOUT : 0), .data.ptr = connection};
    connection->waits_for_room = for_room;
    epoll_ctl(server.epoll, EPOLL_CTL_MOD, connection->fd, &event);
}

static void deliver(Connection *connection, const char *bytes, size_t length)
{
    if (connection->waits_for_room) {
        buffer_append(&connection->out, bytes, length);
        return;
    }
    ssize_t sent = send(connection->fd, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);
    server.sends++;
    if (sent < 0 && errno != EAGAIN)
        return; /* the peer has gone: the next read says so */
    size_t taken = sent < 0 ? 0 : (size_t)sent;
    server.bytes += (int64_t)taken;
    if (taken < length) {
        buffer_append(&connection->out, bytes + taken, length - taken);
        watch(connection, true);
    }
}

static void drain(Connection *connection)
{
    ssize_t sent = send(connection->fd, connection->out.bytes, connection->out.used, MSG_NOSIGNAL | MSG_DONTWAIT);
    server.sends++;
    if (sent <= 0)
        return;
    server.bytes += sent;
    buffer_drop(&connection->out, (size_t)sent);
    if (connection->out.used == 0) {
        buffer_free(&connection->out);
        watch(connection, false);
    }
}

/* A ping in between, and every frame cut at another byte: nothing about this is wrong, only unkind. */
static void deliver_torn(Connection *connection, const char *bytes, size_t length)
{
    size_t cut = 1 + (size_t)(server.messages * 7 + connection->place) % (length - 1);
    if (server.messages % 5 == 0)
        deliver(connection, "\x89\x02hi", 4);
    deliver(connection, bytes, cut);
    deliver(connection, bytes + cut, length - cut);
}

static void to_everyone(const char *bytes, size_t length)
{
    bool wrong = server.messages == WRONG;
    for (int i = 0; i < server.open_count; i++) {
        Connection *connection = server.open_ones[i];
        if (server.fault == TORN)
            deliver_torn(connection, bytes, length);
        else if (server.fault == DROP && wrong && i == 3)
            continue;
        else
            deliver(connection, bytes, length);
        if (server.fault == DOUBLE && wrong && i == 3)
            deliver(connection, bytes, length);
    }
}

/* ---------------------------------------------------------------- frames */

static void answer(Connection *connection, const char *text, size_t length)
{
    char frame[LONGEST_HEAD + 128];
    size_t head = frame_head(frame, TEXT, length, NULL);
    memcpy(frame + head, text, length);
    deliver(connection, frame, head + length);
}

/* A string value by its name, without escapes: the load client sends none. */
static const char *value_of(const char *text, size_t length, const char *name, size_t *size)
{
    const char *from = memmem(text, length, name, strlen(name));
    if (!from)
        return NULL;
    from += strlen(name);
    const char *to = memchr(from, '"', (size_t)(text + length - from));
    *size = to ? (size_t)(to - from) : 0;
    return to ? from : NULL;
}

static void acknowledge(Connection *connection, long long ref, long long number)
{
    char ack[128];
    int size = snprintf(ack, sizeof ack,
                        "{\"is\":\"ack\",\"ref\":%lld,\"channel\":1,\"seq\":%lld,\"rev\":%lld,\"at\":%lld}", ref,
                        number, number, AT);
    answer(connection, ack, (size_t)size);
}

/* Writes the event, in the shape of Renraku's own, as a whole frame into one static buffer. */
static const char *event_frame(const char *command, size_t length, long long number, size_t *frame_length)
{
    static char payload[64 << 10], frame[LONGEST_HEAD + sizeof payload];
    size_t text_size, id_size;
    const char *text = value_of(command, length, "\"text\":\"", &text_size);
    const char *id = value_of(command, length, "\"client_id\":\"", &id_size);
    if (!text || !id || text_size > sizeof payload - 512)
        die("a post came without a text or a client_id: %.*s", (int)length, command);

    long long rev = number + (server.fault == SKIP && number > WRONG);
    bool mended = server.fault == MEND && number == WRONG;
    int size = snprintf(payload, sizeof payload, "{\"is\":\"%s\",\"channel\":1,\"rev\":%lld,%s{\"seq\":%lld,"
                        "\"rev\":%lld,\"sender\":1,\"name\":\"Bench 1\",\"at\":%lld,"
                        "\"text\":\"%.*s\",\"client_id\":\"%.*s\"}%s}",
                        mended ? "changes" : "message.posted", rev, mended ? "\"messages\":[" : "\"message\":",
                        number, rev, AT, (int)text_size, text, (int)id_size, id, mended ? "]" : "");
    size_t head = frame_head(frame, TEXT, (size_t)size, NULL);
    memcpy(frame + head, payload, (size_t)size);
    *frame_length = head + (size_t)size;
    return frame;
}

/* Tells everybody at once, or at the end of the turn. */
static void post(Connection *connection, const char *command, size_t length)
{
    size_t frame_length;
    long long number = ++server.messages;
    const char *frame = event_frame(command, length, number, &frame_length);

    acknowledge(connection, number_after(command, length, "\"ref\":"), number);
    if (server.join)
        buffer_append(&server.turn, frame, frame_length);
    else
        to_everyone(frame, frame_length);
}

static void on_text(Connection *connection, const char *text, size_t length)
{
    static const char welcome[] = "{\"is\":\"welcome\",\"ref\":0,\"rooms\":[]}";
    static const char done[] = "{\"is\":\"done\",\"ref\":0}", pong[] = "{\"is\":\"pong\",\"ref\":0}";
    if (begins(text, length, "{\"do\":\"post\""))
        post(connection, text, length);
    else if (begins(text, length, "{\"do\":\"hello\""))
        answer(connection, welcome, sizeof welcome - 1);
    else if (begins(text, length, "{\"do\":\"mark\""))
        answer(connection, done, sizeof done - 1);
    else if (begins(text, length, "{\"do\":\"ping\""))
        answer(connection, pong, sizeof pong - 1);
    else
        die("a command came that this server does not know: %.*s", (int)length, text);
}

static size_t handshake(Connection *connection, const char *bytes, size_t length)
{
    const char *end = memmem(bytes, length, "\r\n\r\n", 4);
    const char *key = memmem(bytes, length, "Sec-WebSocket-Key: ", 19);
    if (!end && length < HANDSHAKE_LIMIT)
        return 0;
    if (!end || !key || key + 19 + KEY_LENGTH > end)
        die("a connection opened without a WebSocket handshake");

    char accept[ACCEPT_LENGTH + 1], response[256];
    accept_for(key + 19, accept);
    int size = snprintf(response, sizeof response,
                        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Accept: %s\r\n\r\n", accept);
    deliver(connection, response, (size_t)size);
    enter(connection);
    return (size_t)(end + 4 - bytes);
}

/* Handles what is whole in `bytes` and returns how much that was; false when the connection is over. */
static bool digest(Connection *connection, char *bytes, size_t length, size_t *done)
{
    Frame frame;
    *done = connection->place < 0 ? handshake(connection, bytes, length) : 0;
    while (connection->place >= 0 && frame_read(bytes + *done, length - *done, &frame)) {
        char *payload = bytes + *done + frame.head;
        if (frame.masked)
            apply_mask(payload, frame.length, frame.mask);
        if (frame.opcode == TEXT)
            on_text(connection, payload, frame.length);
        else if (frame.opcode == PONG)
            server.pongs++;
        else if (frame.opcode == CLOSE)
            return false;
        *done += frame.head + frame.length;
    }
    return true;
}

/* ---------------------------------------------------------------- events */

/* Reads once into one shared buffer: connections own memory only while a frame of theirs is torn. */
static void on_readable(Connection *connection)
{
    static char shared[READ_AT_ONCE + (64 << 10)];
    size_t held = connection->in.used, done;
    if (held > sizeof shared - READ_AT_ONCE)
        die("a client sent a frame of more than %zu bytes", sizeof shared - READ_AT_ONCE);
    if (held)
        memcpy(shared, connection->in.bytes, held);
    ssize_t got = read(connection->fd, shared + held, READ_AT_ONCE);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0 || !digest(connection, shared, held + (size_t)got, &done)) {
        leave(connection);
        return;
    }
    connection->in.used = 0;
    buffer_append(&connection->in, shared + done, held + (size_t)got - done);
}

static void accept_all(void)
{
    int fd;
    while ((fd = accept4(server.listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        int one = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        Connection *connection = calloc(1, sizeof *connection);
        if (!connection)
            die("out of memory: a connection");
        connection->fd = fd;
        connection->place = -1;
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
        epoll_ctl(server.epoll, EPOLL_CTL_ADD, fd, &event);
    }
    if (errno != EAGAIN)
        die("accept failed: %s", strerror(errno));
}

static void say_state(void)
{
    printf("{\"cpu_seconds\":%.6f,\"connections\":%d,\"messages\":%lld,\"sends\":%lld,\"bytes\":%lld,\"pongs\":%lld}\n",
           own_cpu_seconds(), server.open_count, (long long)server.messages, (long long)server.sends,
           (long long)server.bytes, (long long)server.pongs);
    fflush(stdout);
}

/* Whether to go on. */
static bool on_signal(void)
{
    struct signalfd_siginfo information;
    if (read(server.signals, &information, sizeof information) != sizeof information)
        return true;
    say_state();
    return information.ssi_signo == SIGUSR1;
}

static bool one_turn(void)
{
    struct epoll_event events[EVENTS_A_TURN];
    bool go_on = true;
    int count = epoll_wait(server.epoll, events, EVENTS_A_TURN, -1);
    for (int i = 0; i < count; i++) {
        Connection *connection = events[i].data.ptr;
        if (events[i].data.ptr == &server.listener)
            accept_all();
        else if (events[i].data.ptr == &server.signals)
            go_on = on_signal();
        else if (connection->fd >= 0) {
            if (events[i].events & EPOLLOUT)
                drain(connection);
            if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
                on_readable(connection);
        }
    }
    if (server.turn.used) {
        to_everyone(server.turn.bytes, server.turn.used);
        server.turn.used = 0;
    }
    return go_on;
}

/* ---------------------------------------------------------------- start */

static int listen_on(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    socklen_t size = sizeof address;
    int one = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server.listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(server.listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(server.listener, (struct sockaddr *)&address, sizeof address) || listen(server.listener, 4096))
        die("cannot listen on 127.0.0.1:%d: %s", port, strerror(errno));
    getsockname(server.listener, (struct sockaddr *)&address, &size);
    return ntohs(address.sin_port);
}

static void watch_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    server.signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

static Fault fault_named(const char *name)
{
    static const char *const names[] = {"none", "torn", "drop", "double", "skip", "mend"};
    for (int i = 0; i < 6; i++)
        if (strcmp(name, names[i]) == 0)
            return (Fault)i;
    die("unknown fault: %s", name);
}

int main(int count, char **words)
{
    if (count < 2 || (strcmp(words[1], "send") && strcmp(words[1], "join")))
        die("usage: echo_server send|join [port] [none|torn|drop|double|skip|mend]");
    server.join = strcmp(words[1], "join") == 0;
    server.fault = count > 3 ? fault_named(words[3]) : NO_FAULT;
    allow_many_files();
    watch_signals();
    int port = listen_on(count > 2 ? atoi(words[2]) : 0);

    server.epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event listening = {.events = EPOLLIN, .data.ptr = &server.listener};
    struct epoll_event signalled = {.events = EPOLLIN, .data.ptr = &server.signals};
    epoll_ctl(server.epoll, EPOLL_CTL_ADD, server.listener, &listening);
    epoll_ctl(server.epoll, EPOLL_CTL_ADD, server.signals, &signalled);
    printf("{\"port\":%d}\n", port);
    fflush(stdout);

    while (one_turn())
        ;
    return 0;
}
