import CCurl
import Glibc

/// A libcurl easy handle with the memory it points into. Belongs to the loop's thread.
@safe final class EasyHandle {
    let pointer: UnsafeMutableRawPointer
    /// libcurl's own words for the last failure, as a C string.
    private let words: UnsafeMutablePointer<CChar>
    private var fields: UnsafeMutablePointer<curl_slist>?
    private(set) var transfer: Transfer?

    init() {
        guard let pointer = unsafe curl_easy_init() else { fatalError("libcurl gave no easy handle: no memory") }
        unsafe self.pointer = unsafe pointer
        unsafe words = .allocate(capacity: Int(CURL_ERROR_SIZE))
        unsafe words.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    }

    deinit {
        unsafe curl_easy_cleanup(pointer)
        unsafe curl_slist_free_all(fields)
        unsafe words.deallocate()
    }

    /// The handle that `prepare` put into libcurl's private pointer. The worker keeps it alive while it is in a multi
    /// handle, which is as long as libcurl can mention it.
    static func of(_ pointer: UnsafeMutableRawPointer?) -> EasyHandle? {
        guard let own = unsafe orrery_curl_get_private(pointer) else { return nil }
        return unsafe Unmanaged<EasyHandle>.fromOpaque(own).takeUnretainedValue()
    }

    /// Makes the handle ready for `transfer`; the reason why it cannot be, otherwise.
    func prepare(for transfer: Transfer) -> FetchError? {
        self.transfer = transfer
        unsafe words[0] = 0
        let own = unsafe Unmanaged.passUnretained(self).toOpaque()
        let setup = unsafe EasySetup(pointer)
        unsafe setup.set(CURLOPT_PRIVATE, own)
        unsafe setup.set(CURLOPT_ERRORBUFFER, UnsafeMutableRawPointer(words))
        unsafe setup.set(CURLOPT_HEADERFUNCTION, takeHeaderLine)
        unsafe setup.set(CURLOPT_HEADERDATA, own)
        unsafe setup.set(CURLOPT_WRITEFUNCTION, takeBody)
        unsafe setup.set(CURLOPT_WRITEDATA, own)
        if transfer.request.reach != .anywhere {
            unsafe setup.set(CURLOPT_OPENSOCKETDATA, own)
            unsafe setup.set(openingSockets: openSocket)
        }
        setup.apply(transfer.request)
        unsafe fields = EasySetup.fields(of: transfer.request)
        unsafe setup.set(CURLOPT_HTTPHEADER, UnsafeMutableRawPointer(fields))
        return setup.failure.flatMap(failure)
    }

    /// Forgets the transfer; connections and caches stay with the multi handle.
    func reset() {
        unsafe curl_easy_reset(pointer)
        unsafe curl_slist_free_all(fields)
        unsafe fields = nil
        transfer = nil
    }

    func unpause() { unsafe curl_easy_pause(pointer, CURLPAUSE_CONT) }

    /// What `code` means for the task that waits; nil for success.
    func failure(_ code: CURLcode) -> FetchError? {
        guard code != CURLE_OK, let transfer else { return nil }
        var errorNumber = 0
        unsafe orrery_curl_get_long(pointer, CURLINFO_OS_ERRNO, &errorNumber)
        var readyAfter: curl_off_t = 0
        unsafe orrery_curl_get_size(pointer, CURLINFO_PRETRANSFER_TIME_T, &readyAfter)
        return FetchError(
            code, of: transfer, words: unsafe String(cString: words),
            errorNumber: CInt(truncatingIfNeeded: errorNumber),
            wasConnected: readyAfter > 0)
    }
}

/// A socket to where libcurl is about to connect, unless the request may not go there.
private func openSocket(
    _ own: UnsafeMutableRawPointer?, _ purpose: curlsocktype, _ place: UnsafeMutablePointer<curl_sockaddr>?
) -> curl_socket_t {
    guard let own = unsafe own, let place = unsafe place, let address = unsafe orrery_curl_address(place),
        let transfer = unsafe Unmanaged<EasyHandle>.fromOpaque(own).takeUnretainedValue().transfer
    else { return -1 }
    guard unsafe AddressKind(address, length: Int(place.pointee.addrlen)).isWithin(transfer.request.reach) else {
        transfer.wasKeptBack = true
        return -1
    }
    return unsafe socket(
        place.pointee.family, place.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue), place.pointee.protocol)
}

private func takeHeaderLine(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ own: UnsafeMutableRawPointer?
) -> Int {
    guard let own = unsafe own else { return 0 }
    let line = unsafe UnsafeRawBufferPointer(start: bytes, count: size * count)
    let transfer = unsafe Unmanaged<EasyHandle>.fromOpaque(own).takeUnretainedValue().transfer
    return unsafe transfer?.receive(headerLine: line) == true ? line.count : 0
}

private func takeBody(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ own: UnsafeMutableRawPointer?
) -> Int {
    guard let own = unsafe own else { return 0 }
    let body = unsafe UnsafeRawBufferPointer(start: bytes, count: size * count)
    switch unsafe Unmanaged<EasyHandle>.fromOpaque(own).takeUnretainedValue().transfer?.receive(body: body) {
    case .all: return body.count
    case .pause: return orrery_curl_write_pause()
    // Any other count tells libcurl to abort. An empty chunk never comes here with something to refuse.
    case .abort, nil: return 0
    }
}
