import CCurl

/// Sets libcurl's options for one request and remembers the first one that libcurl refused.
@safe final class EasySetup {
    private let handle: UnsafeMutableRawPointer
    private(set) var failure: CURLcode?

    init(_ handle: UnsafeMutableRawPointer) { unsafe self.handle = unsafe handle }

    func set(_ option: CURLoption, _ pointer: UnsafeMutableRawPointer?) {
        unsafe note(orrery_curl_set_pointer(handle, option, pointer))
    }

    func set(_ option: CURLoption, _ callback: curl_write_callback) {
        unsafe note(orrery_curl_set_write(handle, option, callback))
    }

    func set(openingSockets callback: curl_opensocket_callback) {
        unsafe note(orrery_curl_set_opensocket(handle, callback))
    }

    func set(_ option: CURLoption, _ value: Int) { unsafe note(orrery_curl_set_long(handle, option, value)) }

    func set(_ option: CURLoption, _ text: String) { unsafe note(orrery_curl_set_string(handle, option, text)) }

    func set(_ option: CURLoption, blob text: String) {
        var text = text
        text.withUTF8 { bytes in unsafe note(orrery_curl_set_blob(handle, option, bytes.baseAddress, bytes.count)) }
    }

    private func note(_ code: CURLcode) {
        if code != CURLE_OK, failure == nil { failure = code }
    }
}

extension EasySetup {
    func apply(_ request: FetchRequest) {
        set(CURLOPT_URL, request.url)
        applyBounds(request)
        applyMethod(request)
        applyTrust(request)
    }

    private func applyBounds(_ request: FetchRequest) {
        set(CURLOPT_PROTOCOLS_STR, "http,https")
        set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https")
        set(CURLOPT_FOLLOWLOCATION, request.followsRedirects ? 1 : 0)
        set(CURLOPT_MAXREDIRS, 5)
        // An empty name switches off the proxy variables of the environment.
        set(CURLOPT_PROXY, "")
        set(CURLOPT_NOSIGNAL, 1)
        // Else an exchange that ends while its host is being looked up would wait for the resolver, and all others with it.
        set(CURLOPT_QUICK_EXIT, 1)
        // A kept connection is not looked at again: it may have been made for a request that may go anywhere.
        if request.reach != .anywhere || request.isOnly { set(CURLOPT_FRESH_CONNECT, 1) }
        if request.isOnly {
            set(CURLOPT_FORBID_REUSE, 1)
            set(CURLOPT_DNS_CACHE_TIMEOUT, 0)
        }
        set(CURLOPT_PATH_AS_IS, 1)
        if request.acceptsGzip { set(CURLOPT_ACCEPT_ENCODING, "gzip") }
        // One connection per exchange under way: a watch that nobody reads for a while must not share its TCP window.
        set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        set(CURLOPT_CONNECTTIMEOUT_MS, max(1, request.connectLimit.milliseconds))
        if let limit = request.limit { set(CURLOPT_TIMEOUT_MS, max(1, limit.milliseconds)) }
        if let limit = request.stallLimit {
            set(CURLOPT_LOW_SPEED_LIMIT, 1)
            set(CURLOPT_LOW_SPEED_TIME, max(1, (limit.milliseconds + 999) / 1000))
        }
    }

    private func applyMethod(_ request: FetchRequest) {
        let body = request.body ?? (["POST", "PUT", "PATCH"].contains(request.method) ? [] : nil)
        if let body {
            // The size first: libcurl copies that many bytes. The zero after them
            // gives an empty body an address: libcurl takes a null pointer for "no body".
            unsafe note(orrery_curl_set_size(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count)))
            unsafe (body + [0]).withUnsafeBytes { bytes in
                unsafe note(orrery_curl_set_bytes(handle, CURLOPT_COPYPOSTFIELDS, bytes.baseAddress))
            }
        } else if request.method == "HEAD" {
            set(CURLOPT_NOBODY, 1)
        }
        set(CURLOPT_CUSTOMREQUEST, request.method)
        set(CURLOPT_USERAGENT, "orrery")
    }

    private func applyTrust(_ request: FetchRequest) {
        set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        if case .authority(let pem) = request.trust {
            set(CURLOPT_CAINFO_BLOB, blob: pem)
            // Otherwise the system's directory of authorities would be believed beside it.
            unsafe set(CURLOPT_CAPATH, nil as UnsafeMutableRawPointer?)
        }
        if let client = request.client {
            set(CURLOPT_SSLCERT_BLOB, blob: client.chain)
            set(CURLOPT_SSLKEY_BLOB, blob: client.key)
        }
    }

    /// The request's header fields as libcurl wants them; whoever gets the list frees it.
    static func fields(of request: FetchRequest) -> UnsafeMutablePointer<curl_slist>? {
        // libcurl would add these on its own: a wait for `100 Continue`, and a form's content type.
        var lines = ["Expect:"]
        if !request.headers.contains(where: { $0.name.lowercased() == "content-type" }) {
            lines.append("Content-Type:")
        }
        // A field without a value ends in a semicolon in libcurl's notation; with a colon it would remove the field.
        lines += request.headers.map { $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" }
        var list: UnsafeMutablePointer<curl_slist>?
        for line in lines { unsafe list = unsafe curl_slist_append(list, line) ?? list }
        return unsafe list
    }
}

extension Duration {
    fileprivate var milliseconds: Int {
        let (seconds, attoseconds) = components
        return Int(
            clamping: seconds.multipliedReportingOverflow(by: 1000).partialValue + attoseconds / 1_000_000_000_000_000)
    }
}
