// OpenSSL's libssl for Swift: its function-like macros, and a BIO that reads and writes memory the caller lends it.
#pragma once
#include <openssl/bio.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

// Where the connections of one thread read from and write to. Lent for one call at a time: OpenSSL has taken what it
// read and copied what it wrote when the call returns.
struct orrery_wire {
    const unsigned char *input;
    size_t input_count;
    unsigned char *output;
    size_t output_room;
};

static int orrery_wire_read(BIO *bio, char *to, size_t count, size_t *got) {
    struct orrery_wire *wire = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (count > wire->input_count) count = wire->input_count;
    *got = count;
    if (count == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    memcpy(to, wire->input, count);
    wire->input += count;
    wire->input_count -= count;
    return 1;
}

static int orrery_wire_write(BIO *bio, const char *from, size_t count, size_t *taken) {
    struct orrery_wire *wire = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (count > wire->output_room) count = wire->output_room;
    *taken = count;
    if (count == 0) {
        BIO_set_retry_write(bio);
        return -1;
    }
    memcpy(wire->output, from, count);
    wire->output += count;
    wire->output_room -= count;
    return 1;
}

static long orrery_wire_control(BIO *bio, int command, long number, void *pointer) {
    (void)bio, (void)number, (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

// The kind of BIO that works on an orrery_wire. Made once for a process; null when memory is out.
static inline BIO_METHOD *orrery_wire_method(void) {
    BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "orrery wire");
    if (method && BIO_meth_set_read_ex(method, orrery_wire_read) == 1
        && BIO_meth_set_write_ex(method, orrery_wire_write) == 1
        && BIO_meth_set_ctrl(method, orrery_wire_control) == 1)
        return method;
    BIO_meth_free(method);
    return NULL;
}

static inline BIO *orrery_wire_bio(const BIO_METHOD *method, struct orrery_wire *wire) {
    BIO *bio = BIO_new(method);
    if (!bio) return NULL;
    BIO_set_data(bio, wire);
    BIO_set_init(bio, 1);
    return bio;
}

// A context with the modes, options and versions that every connection of ours has. Null when memory is out.
static inline SSL_CTX *orrery_context(const SSL_METHOD *method, int least_version, int greatest_version) {
    SSL_CTX *context = SSL_CTX_new(method);
    if (!context) return NULL;
    SSL_CTX_set_options(
        context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE
            | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    if (SSL_CTX_set_min_proto_version(context, least_version) == 1
        && SSL_CTX_set_max_proto_version(context, greatest_version) == 1)
        return context;
    SSL_CTX_free(context);
    return NULL;
}

static inline int orrery_context_add_chain(SSL_CTX *context, X509 *certificate) {
    return (int)SSL_CTX_add1_chain_cert(context, certificate);
}

static inline void orrery_context_set_dh_auto(SSL_CTX *context) { SSL_CTX_set_dh_auto(context, 1); }

static inline void orrery_context_on_server_name(SSL_CTX *context, int (*callback)(SSL *, int *, void *)) {
    SSL_CTX_set_tlsext_servername_callback(context, callback);
}

static inline void orrery_context_on_status_request(SSL_CTX *context, int (*callback)(SSL *, void *)) {
    SSL_CTX_set_tlsext_status_cb(context, callback);
}

// `response` is OpenSSL's from here on.
static inline void orrery_set_status_response(SSL *ssl, unsigned char *response, long count) {
    SSL_set_tlsext_status_ocsp_resp(ssl, response, count);
}

static inline void *orrery_allocate(size_t count) { return OPENSSL_malloc(count); }
static inline void orrery_free(void *memory) { OPENSSL_free(memory); }

static inline int orrery_context_slot(CRYPTO_EX_free *free) {
    return SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, free);
}

static inline int orrery_set_server_name(SSL *ssl, const char *name) {
    return (int)SSL_set_tlsext_host_name(ssl, name);
}

// What a ticket is made of: encrypted with AES-256-CBC, sealed with HMAC-SHA-256. 1 when both are ready.
static inline int orrery_ticket_set_up(
    EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, unsigned char *key, unsigned char *mac_key, unsigned char *iv,
    int encrypts) {
    OSSL_PARAM parameters[3];
    parameters[0] = OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, mac_key, 32);
    parameters[1] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, "SHA256", 0);
    parameters[2] = OSSL_PARAM_construct_end();
    return EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), NULL, key, iv, encrypts) == 1
        && EVP_MAC_CTX_set_params(mac, parameters) == 1;
}

static inline GENERAL_NAMES *orrery_subject_names(X509 *certificate) {
    return X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
}
static inline int orrery_names_count(const GENERAL_NAMES *names) { return sk_GENERAL_NAME_num(names); }
static inline void orrery_names_free(GENERAL_NAMES *names) { GENERAL_NAMES_free(names); }
// The bytes of a name of the domain name system; null for one of another kind.
static inline const unsigned char *orrery_dns_name(const GENERAL_NAMES *names, int index, int *count) {
    const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, index);
    if (!name || name->type != GEN_DNS) return NULL;
    *count = ASN1_STRING_length(name->d.dNSName);
    return ASN1_STRING_get0_data(name->d.dNSName);
}

// The day of a time as a number: 20261231.
static inline int orrery_day(const ASN1_TIME *time) {
    struct tm parts = {0};
    ASN1_TIME_to_tm(time, &parts);
    return (parts.tm_year + 1900) * 10000 + (parts.tm_mon + 1) * 100 + parts.tm_mday;
}

static inline int orrery_error_reason(unsigned long error) { return ERR_GET_REASON(error); }

// Until when an OCSP response holds, in seconds since 1970. 0 when it is none, or not a good one.
static inline int orrery_ocsp_expiry(const unsigned char *bytes, size_t count, int64_t *seconds) {
    OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &bytes, (long)count);
    OCSP_BASICRESP *basic = response ? OCSP_response_get1_basic(response) : NULL;
    OCSP_SINGLERESP *single = basic ? OCSP_resp_get0(basic, 0) : NULL;
    ASN1_GENERALIZEDTIME *next = NULL;
    int days = 0, rest = 0, is_good = 0;
    if (single && OCSP_single_get0_status(single, NULL, NULL, NULL, &next) == V_OCSP_CERTSTATUS_GOOD && next)
        is_good = ASN1_TIME_diff(&days, &rest, NULL, next);
    *seconds = (int64_t)time(NULL) + (int64_t)days * 86400 + rest;
    OCSP_BASICRESP_free(basic);
    OCSP_RESPONSE_free(response);
    return is_good;
}
