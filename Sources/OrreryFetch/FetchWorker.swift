import CCurl

/// What the loop's thread does between two waits. Used by that thread alone.
@safe struct FetchWorker: ~Copyable {
    private let multi: UnsafeMutableRawPointer
    private let watch: SocketWatch
    private var active: [ObjectIdentifier: EasyHandle] = [:]
    /// Handles to use again: making one costs 5 kB and a few hundred allocations.
    private var idle: [EasyHandle] = []

    private static let idleLimit = 32
    private static let connectionLimit = 256

    init(_ bell: Bell) {
        guard let multi = unsafe curl_multi_init() else { fatalError("libcurl gave no multi handle: no memory") }
        unsafe self.multi = unsafe multi
        watch = SocketWatch(bell)
        unsafe watch.follow(multi)
        unsafe orrery_curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, Self.connectionLimit)
    }

    /// Does as told; false once told to stop.
    mutating func obey(_ commands: [FetchLoop.Command]) -> Bool {
        var goOn = true
        for command in commands {
            switch command {
            case .begin(let transfer): begin(transfer)
            case .unpause(let transfer): active[ObjectIdentifier(transfer)]?.unpause()
            case .drop(let transfer): active[ObjectIdentifier(transfer)].map { retire($0) }
            case .stop: goOn = false
            }
        }
        return goOn
    }

    /// Waits for the network, a deadline or a command, moves those transfers on that it is about, and hands over those that
    /// ended.
    mutating func turn() {
        var running: CInt = 0
        for (socket, news) in watch.wait() { unsafe curl_multi_socket_action(multi, socket, news, &running) }
        if watch.takesDeadline() { unsafe curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running) }
        var left: CInt = 0
        while let message = unsafe curl_multi_info_read(multi, &left) {
            guard unsafe message.pointee.msg == CURLMSG_DONE,
                let easy = unsafe EasyHandle.of(message.pointee.easy_handle)
            else { continue }
            let code = unsafe orrery_curl_message_result(message)
            easy.transfer?.finish(easy.failure(code))
            retire(easy)
        }
    }

    /// Ends every transfer as cancelled and gives the multi handle back.
    consuming func close() {
        for easy in active.values {
            easy.transfer.map { $0.finish($0.cancelled) }
            unsafe curl_multi_remove_handle(multi, easy.pointer)
        }
        active = [:]
        idle = []
        // It may still say which sockets it closes.
        withExtendedLifetime(watch) { _ = unsafe curl_multi_cleanup(multi) }
    }

    private mutating func begin(_ transfer: Transfer) {
        guard !transfer.isOver else { return }
        let easy = idle.popLast() ?? EasyHandle()
        if let error = easy.prepare(for: transfer) {
            easy.reset()
            transfer.finish(error)
            return
        }
        active[ObjectIdentifier(transfer)] = easy
        unsafe curl_multi_add_handle(multi, easy.pointer)
    }

    private mutating func retire(_ easy: EasyHandle) {
        unsafe curl_multi_remove_handle(multi, easy.pointer)
        if let transfer = easy.transfer { active[ObjectIdentifier(transfer)] = nil }
        easy.reset()
        if idle.count < Self.idleLimit { idle.append(easy) }
    }
}
