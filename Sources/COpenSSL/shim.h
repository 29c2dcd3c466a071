// OpenSSL for Swift: libcrypto here, libssl in tls.h. Function-like macros are invisible to Swift, so those that we use
// have a function.
#pragma once
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include "sending.h"
#include "tls.h"

// The parameters of a public key, built in C: OpenSSL keeps the pointers to names and values that it is given until the
// key is made, and Swift's temporary strings do not live that long. Null when the numbers are not a key.
static inline EVP_PKEY *orrery_make_key(const char *type, OSSL_PARAM_BLD *builder) {
    OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(builder);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *key = NULL;
    if (!parameters || !context || EVP_PKEY_fromdata_init(context) != 1
        || EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(parameters);
    return key;
}

static inline EVP_PKEY *orrery_make_rsa_key(
    const unsigned char *modulus, int modulus_count, const unsigned char *exponent, int exponent_count) {
    BIGNUM *n = BN_bin2bn(modulus, modulus_count, NULL), *e = BN_bin2bn(exponent, exponent_count, NULL);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    EVP_PKEY *key = NULL;
    if (n && e && builder && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) == 1
        && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) == 1)
        key = orrery_make_key("RSA", builder);
    OSSL_PARAM_BLD_free(builder);
    BN_free(n);
    BN_free(e);
    return key;
}

static inline EVP_PKEY *orrery_make_curve_key(const char *curve, const unsigned char *point, size_t point_count) {
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    EVP_PKEY *key = NULL;
    if (builder && OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, curve, 0) == 1
        && OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, point_count) == 1)
        key = orrery_make_key("EC", builder);
    OSSL_PARAM_BLD_free(builder);
    return key;
}

// A fresh RSA key; null when OpenSSL makes none. EVP_RSA_gen is a macro.
static inline EVP_PKEY *orrery_generate_rsa_key(unsigned int bits) { return EVP_RSA_gen(bits); }

// A fresh key on a curve; null when OpenSSL makes none. EVP_EC_gen is a macro.
static inline EVP_PKEY *orrery_generate_curve_key(const char *curve) { return EVP_EC_gen(curve); }

// A certificate that says nothing but its key, signed with that key. Its time is all of the time there is (RFC 5280
// 4.1.2.5): whoever believes it believes the key, by whose hash it is known, and no clock has a say. Null when OpenSSL
// makes none.
static inline X509 *orrery_self_signed(EVP_PKEY *key, const char *name) {
    X509 *certificate = X509_new();
    X509_NAME *subject = certificate ? X509_get_subject_name(certificate) : NULL;
    if (subject && X509_set_version(certificate, X509_VERSION_3) == 1
        && ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) == 1
        && ASN1_TIME_set_string(X509_getm_notBefore(certificate), "19700101000000Z") == 1
        && ASN1_TIME_set_string(X509_getm_notAfter(certificate), "99991231235959Z") == 1
        && X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0) == 1
        && X509_set_issuer_name(certificate, subject) == 1 && X509_set_pubkey(certificate, key) == 1
        && X509_sign(certificate, key, EVP_sha256()) > 0)
        return certificate;
    X509_free(certificate);
    return NULL;
}

// A list of certificates, to which it only points. The functions on lists are macros.
static inline STACK_OF(X509) *orrery_certificates(void) { return sk_X509_new_null(); }
static inline void orrery_certificates_add(STACK_OF(X509) *list, X509 *certificate) { sk_X509_push(list, certificate); }
static inline void orrery_certificates_free(STACK_OF(X509) *list) { sk_X509_free(list); }
static inline unsigned long orrery_name_form(void) { return XN_FLAG_RFC2253; }
