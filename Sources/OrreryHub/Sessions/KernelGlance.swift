import Foundation
import OrreryFetch
import OrreryModel
import OrreryStore

/// Asks a notebook server what its kernels do, on the way that its person's requests take and with a token that is good for
/// one minute at that server alone. The server is told not to count it as use. Asked before a session is stopped that nobody seems to use.
struct KernelGlance: Sendable {
    let tokens: Tokens
    let fetcher: Fetcher
    /// Where people's requests go in.
    let entrance: ListenAddress

    /// Whether a kernel works. A server that does not answer may well be at work: it counts as busy.
    func isBusy(_ session: SessionRecord) async -> Bool {
        guard let token = try? await tokens.issueGlance(at: session) else { return true }
        let request = FetchRequest(
            url: "http://\(entrance)\(session.prefix)api/kernels?no_track_activity=1",
            headers: [("Authorization", "token \(token.reveal())")], connectLimit: .seconds(2), limit: .seconds(10),
            bodyLimit: 1 << 20)
        guard let answer = try? await fetcher.fetch(request), answer.status == 200,
            let kernels = try? JSONDecoder().decode(JSON.self, from: Data(answer.body)).array
        else { return true }
        return kernels.contains { $0["execution_state"]?.string == "busy" }
    }
}
