import FoundationEssentials
import OrreryFetch
import OrreryKubernetes
import OrreryModel

// What the cluster says of itself.
extension Doctor {
    /// Asks the API with the agent's credential.
    func ask(_ method: String, _ path: String, _ body: JSON? = nil) async throws -> (status: Int, json: JSON) {
        let bytes = try body.map { [UInt8](try JSONEncoder().encode($0)) }
        let headers = body == nil ? [] : [(name: "Content-Type", value: "application/json")]
        let answer = try await client.relay(method, path, headers: headers, body: bytes, stallLimit: .seconds(20))
        let text = try await answer.collect(upTo: 16 << 20)
        return (answer.status, (try? JSONDecoder().decode(JSON.self, from: Data(text))) ?? .null)
    }

    /// The API itself, and its clock beside ours.
    func server() async -> [Finding] {
        do {
            let answer = try await client.relay("GET", "/version", stallLimit: .seconds(20))
            let date = answer.headers["Date"]
            let body = try await answer.collect(upTo: 1 << 20)
            guard answer.status == 200 else {
                return [unwell("it answers \(answer.status) when asked for its version")]
            }
            let version = try JSONDecoder().decode(JSON.self, from: Data(body))["gitVersion"]?.string ?? "of no version"
            return [.ok(Self.apiSubject, "\(client.access.server), \(version)")] + clock(date)
        } catch {
            return [unwell("\(error)")]
        }
    }

    private func unwell(_ found: String) -> Finding {
        .failed(
            Self.apiSubject, found, whose: Self.site,
            next: "check the kubeconfig or the account's token, and that \(client.access.server) is reached from here")
    }

    private func clock(_ date: String?) -> [Finding] {
        guard let theirs = date.flatMap({ Date(http: $0) }) else { return [] }
        let seconds = abs(Int(theirs.timeIntervalSinceNow.rounded()))
        guard seconds > 30 else { return [.ok("clock", "within \(max(1, seconds)) s of the cluster's")] }
        return [
            .warning(
                "clock", "\(seconds) s away from the cluster's", whose: Self.site,
                next: "set it by NTP: tokens and certificates are judged by it")
        ]
    }

    func quota() async -> [Finding] {
        guard let (status, list) = try? await ask("GET", "/api/v1/namespaces/\(client.namespace)/resourcequotas"),
            status == 200
        else { return [] }
        let quotas = list["items"]?.array ?? []
        guard !quotas.isEmpty else { return [.ok("quota", "none in \(client.namespace)")] }
        return quotas.map { quota in
            let hard = quota["status"]?["hard"]?.object ?? [:]
            let used = quota["status"]?["used"]?.object ?? [:]
            let words = hard.keys.sorted().map { "\($0) \(used[$0]?.string ?? "0") of \(hard[$0]?.string ?? "?")" }
            let isFull = hard.contains { name, most in most.string == used[name]?.string && most.string != "0" }
            let name = quota["metadata"]?["name"]?.string ?? "?"
            let found = "\(name): \(words.joined(separator: ", "))"
            return isFull
                ? .warning("quota", found, whose: Self.site, next: "raise it: no other session fits")
                : .ok("quota", found)
        }
    }

    func storage() async -> [Finding] {
        guard let (status, list) = try? await ask("GET", "/apis/storage.k8s.io/v1/storageclasses"), status == 200 else {
            return [.ok("storage", "classes are not shown to the agent; only claims for each person depend on them")]
        }
        let names = (list["items"]?.array ?? []).map { object in
            let isUsual =
                object["metadata"]?["annotations"]?["storageclass.kubernetes.io/is-default-class"]?.string == "true"
            return (object["metadata"]?["name"]?.string ?? "?") + (isUsual ? " (usual)" : "")
        }
        guard !names.isEmpty else {
            return [
                .warning(
                    "storage", "no storage classes", whose: Self.site,
                    next: "make one if the hub is to make a claim for each person")
            ]
        }
        return [.ok("storage", names.joined(separator: ", "))]
    }

    func sitePolicy() async -> [Finding] {
        guard policy.hasFile else {
            return [
                .warning(
                    "site policy", "none was read, so all of this is about a site that has said nothing",
                    whose: Self.site,
                    next: "give --policy with the agent's own file, \(AgentManifest.policyFile) where its pod has it")
            ]
        }
        if let complaint = policy.complaint {
            return [
                .failed("site policy", complaint, whose: Self.site, next: "mend the file; until then nothing starts")
            ]
        }
        guard let paused = policy.current.refusalWhilePaused else {
            return [.ok("site policy", "read" + (Self.level(for: policy.current).map { "; \($0)" } ?? ""))]
        }
        return [
            .warning("site policy", paused, whose: Self.site, next: "take `paused` away when sessions may start again")
        ]
    }

    /// What the policy needs of the namespaces, which an agent cannot see; nil where `restricted` will do.
    static func level(for policy: SitePolicy) -> String? {
        let needed = !policy.hostPaths.isEmpty ? "privileged" : !policy.nfs.isEmpty ? "baseline" : nil
        return needed.map {
            "the namespaces of its sessions must be at PodSecurity `\($0)` for the "
                + ($0 == "privileged" ? "`hostPaths`" : "`nfs`") + " that it lists"
        }
    }
}
