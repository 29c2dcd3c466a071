// libjwt for Swift.
#pragma once
#include <jwt.h>

// Exported, and in Debian's list of symbols, but not in the header: 0 when `signature`, in base64url, is that of the text
// `head` by the algorithm and the PEM that were set with jwt_set_alg. Nothing of what the token says has a part in it.
extern int jwt_verify_sha_pem(jwt_t *jwt, const char *head, const char *signature);
