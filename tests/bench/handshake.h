/* The server's side of the WebSocket handshake: Sec-WebSocket-Accept, with an SHA-1 of our own (FIPS 180-4).
 *
 * Linking a crypto library for twenty bytes a connection would make the reference depend on a machine's packages. */
#ifndef BENCH_HANDSHAKE_H
#define BENCH_HANDSHAKE_H

#include "wire.h"

#define MAGIC "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#define KEY_LENGTH 24
#define ACCEPT_LENGTH 28

static inline uint32_t rotated(uint32_t value, int bits)
{
    return value << bits | value >> (32 - bits);
}

static inline void sha1_block(uint32_t state[5], const unsigned char block[64])
{
    uint32_t w[80];
    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)big_endian(block + 4 * i, 4);
    for (int i = 16; i < 80; i++)
        w[i] = rotated(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);

    uint32_t a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
    for (int i = 0; i < 80; i++) {
        uint32_t f, k;
        if (i < 20)
            f = (b & c) | (~b & d), k = 0x5a827999;
        else if (i < 40)
            f = b ^ c ^ d, k = 0x6ed9eba1;
        else if (i < 60)
            f = (b & c) | (b & d) | (c & d), k = 0x8f1bbcdc;
        else
            f = b ^ c ^ d, k = 0xca62c1d6;
        uint32_t next = rotated(a, 5) + f + e + k + w[i];
        e = d, d = c, c = rotated(b, 30), b = a, a = next;
    }
    state[0] += a, state[1] += b, state[2] += c, state[3] += d, state[4] += e;
}

/* The digest of a text of 56 to 119 bytes, which is what key and magic are: always two blocks. */
static inline void sha1_two_blocks(const char *text, size_t length, unsigned char digest[20])
{
    uint32_t state[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    unsigned char blocks[128] = {0};
    memcpy(blocks, text, length);
    blocks[length] = 0x80;
    blocks[126] = (unsigned char)(length * 8 >> 8);
    blocks[127] = (unsigned char)(length * 8);
    sha1_block(state, blocks);
    sha1_block(state, blocks + 64);
    for (int i = 0; i < 20; i++)
        digest[i] = (unsigned char)(state[i / 4] >> (24 - 8 * (i % 4)));
}

static inline void base64_of_digest(const unsigned char digest[20], char text[ACCEPT_LENGTH + 1])
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned char padded[21] = {0};
    memcpy(padded, digest, 20);
    for (int i = 0; i < 7; i++) {
        uint32_t three = (uint32_t)big_endian(padded + 3 * i, 3);
        for (int j = 0; j < 4; j++)
            text[4 * i + j] = letters[three >> (18 - 6 * j) & 63];
    }
    strcpy(text + ACCEPT_LENGTH - 1, "=");
}

/* The value of Sec-WebSocket-Accept for a client's key of 24 characters. */
static inline void accept_for(const char *key, char accept[ACCEPT_LENGTH + 1])
{
    char text[KEY_LENGTH + sizeof MAGIC];
    unsigned char digest[20];
    memcpy(text, key, KEY_LENGTH);
    memcpy(text + KEY_LENGTH, MAGIC, sizeof MAGIC);
    sha1_two_blocks(text, strlen(text), digest);
    base64_of_digest(digest, accept);
}

#endif
