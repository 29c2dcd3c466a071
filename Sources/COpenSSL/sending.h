// The keys with which a connection of TLS 1.3 encrypts what it sends, for whoever does it in the place of OpenSSL's TLS: a
// kernel, or we ourselves. OpenSSL 3.0 gives them to the kernel itself only where it owns the socket; the key log is the
// public way to them.
#pragma once
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/ssl.h>
#include <string.h>

// Hangs at its connection, in a slot for data of ours.
struct orrery_sending {
    unsigned char secret[EVP_MAX_MD_SIZE];  // this side's application traffic secret 0 (RFC 8446 7.1)
    long secret_count;
    uint64_t records;  // encrypted with its keys so far (RFC 8446 5.3)
    EVP_CIPHER_CTX *cipher;  // with its key, once we encrypt ourselves
    unsigned char nonce[12];
};

static inline int orrery_connection_slot(CRYPTO_EX_free *free) {
    return SSL_get_ex_new_index(0, NULL, NULL, NULL, free);
}

static inline void orrery_context_on_secret(SSL_CTX *context, void (*callback)(const SSL *, const char *)) {
    SSL_CTX_set_keylog_callback(context, callback);
}

static inline void orrery_forget_sending(struct orrery_sending *sending) {
    if (sending) EVP_CIPHER_CTX_free(sending->cipher);
    OPENSSL_clear_free(sending, sizeof *sending);
}

static inline struct orrery_sending *orrery_sending(const SSL *ssl, int slot) { return SSL_get_ex_data(ssl, slot); }

// Takes a line of the key log: `SERVER_TRAFFIC_SECRET_0 <client random> <secret>`, or the client's; others are passed over.
static inline void orrery_keep_secret(const SSL *ssl, int slot, const char *line) {
    const char *label = SSL_is_server(ssl) ? "SERVER_TRAFFIC_SECRET_0 " : "CLIENT_TRAFFIC_SECRET_0 ";
    if (strncmp(line, label, strlen(label)) || orrery_sending(ssl, slot)) return;
    long count = 0;
    unsigned char *secret = OPENSSL_hexstr2buf(strrchr(line, ' ') + 1, &count);
    struct orrery_sending *sending = OPENSSL_zalloc(sizeof *sending);
    if (secret && sending && count <= (long)sizeof sending->secret) {
        memcpy(sending->secret, secret, count);
        sending->secret_count = count;
        // The log's connection is constant only because nothing is to be changed in its course.
        if (SSL_set_ex_data((SSL *)ssl, slot, sending) == 1) sending = NULL;
    }
    if (sending) orrery_forget_sending(sending);
    OPENSSL_clear_free(secret, secret ? count : 0);
}

// One of the keys of RFC 8446 7.3: `label` is "key" or "iv".
static inline int orrery_expand(
    const struct orrery_sending *sending, const char *digest, const char *label, void *to, size_t count) {
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "TLS13-KDF", NULL);
    EVP_KDF_CTX *context = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)digest, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)sending->secret, sending->secret_count),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PREFIX, "tls13 ", 6),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_LABEL, (void *)label, strlen(label)),
        OSSL_PARAM_construct_end(),
    };
    int is_done = context && EVP_KDF_derive(context, to, count, parameters) == 1;
    EVP_KDF_CTX_free(context);
    EVP_KDF_free(kdf);
    return is_done;
}

// The cipher of a connection as RFC 8446 B.4 numbers it; 0 for those of older versions, and for a client that wants smaller
// records than a kernel makes (RFC 6066 4).
static inline int orrery_cipher(const SSL *ssl) {
    const SSL_SESSION *session = SSL_get_session(ssl);
    int is_usual = SSL_version(ssl) == TLS1_3_VERSION && session && !SSL_SESSION_get_max_fragment_length(session);
    const SSL_CIPHER *cipher = is_usual ? SSL_get_current_cipher(ssl) : NULL;
    return cipher ? SSL_CIPHER_get_protocol_id(cipher) : 0;
}

// From here on `orrery_seal` encrypts, and OpenSSL's TLS must not: a number that is used twice gives the key away. 1 when it
// can; 0 when nothing has changed.
static inline int orrery_begin_sealing(
    struct orrery_sending *sending, const EVP_CIPHER *kind, const unsigned char *key, const unsigned char *nonce) {
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    if (!cipher || EVP_EncryptInit_ex(cipher, kind, NULL, key, NULL) != 1) {
        EVP_CIPHER_CTX_free(cipher);
        return 0;
    }
    sending->cipher = cipher;
    memcpy(sending->nonce, nonce, sizeof sending->nonce);
    return 1;
}

// Writes the next record: `count` bytes, 16,384 at most, of a kind of RFC 8446 B.1. It takes 22 bytes more than they do; 0
// when it cannot be made, and then nothing more can be sent.
static inline size_t orrery_seal(
    struct orrery_sending *sending, unsigned char kind, const unsigned char *from, size_t count, unsigned char *to) {
    enum { head = 5, tag = 16 };
    size_t length = count + 1 + tag;
    unsigned char nonce[sizeof sending->nonce];
    int done = 0;
    to[0] = 23, to[1] = 3, to[2] = 3, to[3] = length >> 8, to[4] = length & 255;
    memcpy(nonce, sending->nonce, sizeof nonce);
    // RFC 8446 5.3: the number, as long as the nonce, over it.
    for (int i = 0; i < 8; i++) nonce[11 - i] ^= sending->records >> (8 * i) & 255;
    sending->records++;
    int is_sealed = EVP_EncryptInit_ex(sending->cipher, NULL, NULL, NULL, nonce) == 1
        && EVP_EncryptUpdate(sending->cipher, NULL, &done, to, head) == 1
        && EVP_EncryptUpdate(sending->cipher, to + head, &done, from, (int)count) == 1
        && EVP_EncryptUpdate(sending->cipher, to + head + count, &done, &kind, 1) == 1
        && EVP_EncryptFinal_ex(sending->cipher, to + head + count + 1, &done) == 1
        && EVP_CIPHER_CTX_ctrl(sending->cipher, EVP_CTRL_AEAD_GET_TAG, tag, to + head + count + 1) == 1;
    return is_sealed ? head + length : 0;
}
