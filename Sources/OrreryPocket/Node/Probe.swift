internal import Foundation
internal import OrreryModel

/// One of a container's probes as its object describes it.
struct Probe {
    enum Purpose: String, CaseIterable, Codable, Sendable {
        case startup = "Startup"
        case liveness = "Liveness"
        case readiness = "Readiness"
    }

    enum Action: Equatable, Sendable {
        case exec([String])
        case http(HTTPProbe)
        case connect(host: String, port: UInt16)
        /// It cannot be done here; the sentence says why.
        case impossible(String)
    }

    let purpose: Purpose
    let object: JSON

    init?(_ purpose: Purpose, of container: ContainerManifest) {
        guard let object = container.object["\(purpose.rawValue.lowercased())Probe"] else { return nil }
        self.purpose = purpose
        self.object = object
    }

    var initialDelay: Double { object["initialDelaySeconds"]?.number ?? 0 }
    var period: Double { max(object["periodSeconds"]?.number ?? 10, 1) }
    var timeout: Double { max(object["timeoutSeconds"]?.number ?? 1, 1) }
    var successThreshold: Int { Int(max(object["successThreshold"]?.integer ?? 1, 1)) }
    var failureThreshold: Int { Int(max(object["failureThreshold"]?.integer ?? 3, 1)) }
    var grace: Double? { object["terminationGracePeriodSeconds"]?.number }

    func action(in container: ContainerManifest, address: String) -> Action {
        if let exec = object["exec"] { return .exec((exec["command"]?.array ?? []).compactMap(\.string)) }
        if let socket = object["tcpSocket"] {
            guard let port = container.port(socket["port"]) else { return .impossible("the port is not known") }
            return .connect(host: socket["host"]?.string ?? address, port: port)
        }
        guard let get = object["httpGet"] else { return .impossible("pocket has no such probe") }
        guard get["scheme"]?.string ?? "HTTP" == "HTTP" else { return .impossible("pocket probes plain HTTP only") }
        guard let port = container.port(get["port"]) else { return .impossible("the port is not known") }
        let headers = (get["httpHeaders"]?.array ?? []).compactMap { header -> HTTPProbe.Header? in
            guard let name = header["name"]?.string, let value = header["value"]?.string else { return nil }
            return HTTPProbe.Header(name: name, value: value)
        }
        let path = get["path"]?.string ?? "/"
        return .http(
            HTTPProbe(
                host: get["host"]?.string ?? address, port: port, path: path.hasPrefix("/") ? path : "/\(path)",
                headers: headers))
    }
}

/// How far one probe of one run has come. Without a clock and without I/O: it is told results and says what follows.
struct ProbeProgress {
    enum Outcome: Equatable {
        case none
        case passed
        case failed
    }

    let runID: String
    private(set) var dueAt: Date
    private(set) var isUnderWay = false
    private var successes = 0
    private var failures = 0

    init(_ probe: Probe, runID: String, startedAt: Date) {
        self.runID = runID
        dueAt = startedAt.addingTimeInterval(probe.initialDelay)
    }

    mutating func begin() { isUnderWay = true }

    /// Takes one result. `passed` and `failed` are told each time the threshold is reached or still held.
    mutating func end(_ hasSucceeded: Bool, of probe: Probe, at now: Date) -> Outcome {
        isUnderWay = false
        dueAt = now.addingTimeInterval(probe.period)
        if hasSucceeded {
            successes += 1
            failures = 0
            return successes >= probe.successThreshold ? .passed : .none
        }
        failures += 1
        successes = 0
        return failures >= probe.failureThreshold ? .failed : .none
    }
}
