"""What types cannot say: the rules that a client follows, as the documents tell them; docs/ has the long form."""

SOCKET = """\
Everything live goes over one WebSocket a device. The long form of this page is docs/protocol.md.

## Connecting

`GET /socket` on the host and port that this document came from, RFC 6455, without subprotocol and compression.
Send the header `Origin` with exactly the server's own origin (scheme, host, port), and the session's cookie, which
signing in sets (openapi.json, `signIn`). It is called `__Host-session`; only where the operator has allowed sign-in
without TLS, on plain http from another machine, it is `session`. Who may not come in gets an HTTP answer with the
body `{"code", "message"}` instead of an open socket.

## Frames

One frame is one JSON object in one text message, in UTF-8, of at most 65,536 bytes. A client's frame is a command: it
names itself in `do` and carries `ref`, a number of the client's choice. The answer repeats the `ref`: one of the
frames named in the operation's reply, or `error`, after which nothing has changed. A frame without `ref` is an event.
A server's frame names itself in `is`; a field that has its default is left out. Ignore fields and frames that you do
not know. A command with an unknown, missing or wrong field is refused as `invalid`.
Numbers are whole, from 0 to 2^53 - 1. Times are milliseconds since 1970-01-01 UTC. A room is called a channel; `seq`
numbers its messages 1, 2, 3 …, `rev` all that durably happens in it.

## Beginning and resuming

1. Send `hello` within 5 seconds, once a connection; before it only `ping` is answered. Its `have` names each channel
   whose timeline you hold, by its number as text, with the `rev` you hold: `{"3": 41}`. At first it is empty.
2. The answer is `welcome`. Its `rooms` is the whole list: forget rooms, and timelines, that are not in it.
3. Then, without `ref`, comes a `changes` or a `reset` for each channel in `have` in which something was missed; of
   what is too much to tell unasked, one `heads`. Then events.

Commands may follow `hello` without waiting. They are done in the order in which they were sent; only `mark` may be
answered after what was sent later.

## Keeping a timeline

A channel's `rev` has no gaps. An event of a channel carries its `rev` r. For a timeline held at h:

- r = h + 1: apply it, hold r.
- r <= h: drop it.
- r > h + 1: something is missing; ask `since` with h.

Rows (messages, members) carry the `rev` of their last change: never replace one by a row with a smaller `rev`. Events
carry whole new rows.

To begin a timeline ask `history`; a page says in `before` and `after` whether there is more on that side. Take the
first page's `rev` as yours, and ask for the members by `room.members`. Of later pages, and of the members, keep the
rows with the greater `rev`; where their `rev` is smaller than yours, go back to it and ask `since`.

`changes` holds every row that changed after its `since`: put them in, remove members with `left`, then hold its `rev`
(never go back). If its `since` is greater than what you hold, drop it and ask `since` again. `room`, when it is
there, is the room's new state. `reset`: forget the channel's timeline and members, and begin with its `messages`,
`rev` and `room`; ask for the members anew.

The list of rooms is kept by the same rule with the `rev` of each room; of a list that was asked for by `rooms`, keep
a room that you hold with a greater `rev`. An event changes of its room: `rev`; `members`, where it has that field;
`name`, by `room.renamed`; `seq` and `last`, when its `message` has a `seq` not smaller than the room's; `owner`, by a
`member.changed` of oneself. Where something is missing ask `rooms`, or `since`, whose answer brings `room`.

`heads` tells now and then the newest `rev` of topics that moved; a channel's topic is `channel:` and its number. If
you hold less, ask `since`, or `rooms` for a room whose timeline you do not hold.

`room.added` puts a room into the list. After `room.removed` forget everything of that channel.

## Saying something

Give each message a UUID in lower case as `client_id` (version 7 is best) and keep the message until its `ack`. No
answer, a lost line, `unavailable`, `busy`, `too_fast`: send it again with the same `client_id`, as often as needed.
It is said once, and each answer is the first result, later ones with `dup`. The sender gets `ack` and event, in no
order: match them by `client_id`.

## Read marks

Unread messages of a room are `seq` less `read`. `mark` only moves upward; report it at most every 2 seconds a
channel, only for what a person has seen. One's own message moves one's own mark: take the greater of `read` and its
`seq`, from the `ack` and from a `message.posted` of one's own. `marked` says that one's mark has moved, perhaps
elsewhere.

## Signs of life

`presence`, `typing` and `read` (without `ref`) are not durable: they carry no `rev`, are told at most once a second,
and are not repeated to a line that was slow or lost: ask again after `welcome`.

## Staying and coming back

The server sends a WebSocket ping every 20 seconds and gives up after 40 without a pong. A client that cannot see
pings sends `ping` after some 25 seconds. Before the server closes comes `bye`, mostly. What each close code means
stands in `x-close-codes`; one that is not listed there means: come back. Wait a random time up to 0.5, 1, 2 … 30
seconds, or exactly `retry_ms` if `bye` named it, then begin with `hello` and what you hold.

The codes of `error` stand in `x-error-codes`; where `retry_ms` is given, ask again after it.
"""

HTTP = """\
Everything live goes over the WebSocket `/socket`, which asyncapi.json describes. These are the other addresses; the
long form of this page is docs/http.md.

A request that changes something must come from the server's own page: `Sec-Fetch-Site: same-origin`, as browsers
send it, or, without that header, an `Origin` that is exactly the server's own (scheme, host, port). Bodies have at
most 64 KiB, no field that is not named here, and JSON has `Content-Type: application/json`. Times are milliseconds
since 1970-01-01 UTC. `GET` means `HEAD` too.

Signing in (`signIn`) sets the session's cookie. It is called `__Host-session`; only where the operator has allowed
sign-in without TLS, on plain http from another machine, it is `session`. Who must choose a new password first is sent
to `/password`, and reaches nothing else but `/signout`.

A refusal is `{"code", "message"}` with the status of its code (`x-error-codes`), and `retry_ms` with the header
`Retry-After` when asking again makes sense. A browser that asks for a page (`Accept: text/html`, not under `/api/`)
gets a page that says it.
"""
