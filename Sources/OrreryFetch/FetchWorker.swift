import CCurl

/// What the loop's thread does between two waits. Used by that thread alone.
@safe struct FetchWorker: ~Copyable {
    private let multi: UnsafeMutableRawPointer
    private var active: [ObjectIdentifier: EasyHandle] = [:]
    /// Handles to use again: making one costs 5 kB and a few hundred allocations.
    private var idle: [EasyHandle] = []

    private static let idleLimit = 32
    private static let connectionLimit = 256

    init(_ multi: UnsafeMutableRawPointer) {
        unsafe self.multi = unsafe multi
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

    /// Moves every transfer on, hands over those that ended, and waits for the network, a deadline or a command.
    mutating func turn() {
        var running: CInt = 0
        unsafe curl_multi_perform(multi, &running)
        var left: CInt = 0
        while let message = unsafe curl_multi_info_read(multi, &left) {
            guard unsafe message.pointee.msg == CURLMSG_DONE,
                let easy = unsafe EasyHandle.of(message.pointee.easy_handle)
            else { continue }
            let code = unsafe orrery_curl_message_result(message)
            easy.transfer?.finish(easy.failure(code))
            retire(easy)
        }
        unsafe curl_multi_poll(multi, nil, 0, 60_000, nil)
    }

    /// Ends every transfer as cancelled and gives the multi handle back.
    consuming func close() {
        for easy in active.values {
            easy.transfer.map { $0.finish($0.cancelled) }
            unsafe curl_multi_remove_handle(multi, easy.pointer)
        }
        active = [:]
        idle = []
        unsafe curl_multi_cleanup(multi)
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
