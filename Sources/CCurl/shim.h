// libcurl for Swift: curl_easy_setopt and its kin are variadic, which Swift cannot call, so each kind of argument that
// we pass has one typed function here.
#pragma once
#include <curl/curl.h>

static inline CURLcode orrery_curl_set_long(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode orrery_curl_set_size(CURL *handle, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode orrery_curl_set_string(CURL *handle, CURLoption option, const char *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode orrery_curl_set_pointer(CURL *handle, CURLoption option, void *value) {
    return curl_easy_setopt(handle, option, value);
}

// For options whose bytes libcurl copies.
static inline CURLcode orrery_curl_set_bytes(CURL *handle, CURLoption option, const void *bytes) {
    return curl_easy_setopt(handle, option, bytes);
}

// libcurl copies the bytes, so they need to live only during the call.
static inline CURLcode orrery_curl_set_blob(CURL *handle, CURLoption option, const void *bytes, size_t count) {
    struct curl_blob blob = {(void *)bytes, count, CURL_BLOB_COPY};
    return curl_easy_setopt(handle, option, &blob);
}

static inline CURLcode orrery_curl_set_write(CURL *handle, CURLoption option, curl_write_callback callback) {
    return curl_easy_setopt(handle, option, callback);
}

static inline CURLcode orrery_curl_set_opensocket(CURL *handle, curl_opensocket_callback callback) {
    return curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, callback);
}

static inline CURLcode orrery_curl_get_long(CURL *handle, CURLINFO info, long *value) {
    return curl_easy_getinfo(handle, info, value);
}

static inline CURLcode orrery_curl_get_size(CURL *handle, CURLINFO info, curl_off_t *value) {
    return curl_easy_getinfo(handle, info, value);
}

static inline CURLMcode orrery_curl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}

static inline CURLMcode orrery_curl_multi_set_socket(CURLM *multi, curl_socket_callback callback, void *own) {
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, own);
    return curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, callback);
}

static inline CURLMcode orrery_curl_multi_set_timer(CURLM *multi, curl_multi_timer_callback callback, void *own) {
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, own);
    return curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, callback);
}

// `data` of a CURLMsg is a union; only `result` is meaningful for CURLMSG_DONE.
static inline CURLcode orrery_curl_message_result(const CURLMsg *message) {
    return message->data.result;
}

// Where the socket is to lead, and how long that address is.
static inline const struct sockaddr *orrery_curl_address(const struct curl_sockaddr *place) { return &place->addr; }

static inline size_t orrery_curl_write_pause(void) { return CURL_WRITEFUNC_PAUSE; }

// What CURLOPT_PRIVATE set.
static inline void *orrery_curl_get_private(CURL *handle) {
    char *value = NULL;
    curl_easy_getinfo(handle, CURLINFO_PRIVATE, &value);
    return value;
}
