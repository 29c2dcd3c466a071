/// The task's hold on a transfer: when it goes, the transfer goes.
final class TransferLease: Sendable {
    let transfer: Transfer
    private let loop: FetchLoop

    init(_ transfer: Transfer, on loop: FetchLoop) {
        self.transfer = transfer
        self.loop = loop
    }

    deinit { cancel() }

    func cancel() {
        guard !transfer.isOver else { return }
        transfer.finish(transfer.cancelled)
        loop.submit(.drop(transfer))
    }

    func response() async throws(FetchError) -> FetchResponse {
        let head = try await awaitHead()
        guard case .chunk(let body, _) = transfer.read() else {
            return FetchResponse(status: head.status, headers: head.headers, body: [])
        }
        return FetchResponse(status: head.status, headers: head.headers, body: body)
    }

    func stream() async throws(FetchError) -> FetchStream {
        let head = try await awaitHead()
        return FetchStream(status: head.status, headers: head.headers, lease: self)
    }

    private func awaitHead() async throws(FetchError) -> (status: Int, headers: FetchHeaders) {
        await withTaskCancellationHandler {
            await transfer.awaitHead()
        } onCancel: {
            cancel()
        }
        return try transfer.head().get()
    }

    func nextChunk() async throws(FetchError) -> [UInt8]? {
        while true {
            switch transfer.read() {
            case .chunk(let bytes, let unpause):
                if unpause { loop.submit(.unpause(transfer)) }
                return bytes
            case .end(let result):
                try result.get()
                return nil
            case .nothingYet:
                await withTaskCancellationHandler {
                    await transfer.awaitBody()
                } onCancel: {
                    cancel()
                }
            }
        }
    }
}
