package import OrreryModel

/// One thing that goes wrong between a client and its API server: for which requests, how often, and what.
///
/// In JSON, as `POST /faults` of the control interface takes it (absent members have the defaults below):
///
///     {"match": {"method": "POST", "path": "/pods", "query": "watch=1", "watch": false},
///      "skip": 0, "times": 1, "action": {"refuse": {"as": "quota"}}}
///
/// | action | what happens |
/// |---|---|
/// | `{"refuse": {"as": "quota"}}` | an answer in a real server's words, not forwarded; the names are `Fault.Refusal`'s |
/// | `{"answer": {"status": 429, "headers": {"Retry-After": "2"}, "body": "…"}}` | any other answer, not forwarded |
/// | `{"lose": {"what": "answer"}}` | forwarded and carried out, but the connection ends before the answer |
/// | `{"lose": {"what": "request"}}` | the connection ends and nothing was forwarded |
/// | `{"stall": {}}` | the request is read, nothing is forwarded, and nothing ever comes back |
/// | `{"delay": {"seconds": 0.5}}` | forwarded later |
/// | `{"hold": {}}` | forwarded when the fault is taken away: two clients can so be made to meet |
/// | `{"stick": {}}` | a DELETE is answered, the object is Terminating from now on, and never goes |
/// | `{"inject": {"lines": ["…"], "after": 2}}` | these lines in a watch after so many of its own; any text, whole lines |
/// | `{"split": {"size": 7}}` | a watch in pieces of so many bytes |
/// | `{"end": {"how": "close", "after": 0}}` | a watch ends after so many lines: `close`, `cut` (no last chunk), `stall` |
/// | `{"rewrite": {"name": "a", "drop": ["/spec/x"], "set": {"/status/podIP": "…"}}}` | in every object that comes back |
/// | `{"clock": {"seconds": -300}}` | `Date` and all timestamps are so far off |
/// | `{"versions": {"back": 5000}}` | versions have gone back by so much, as after a restored etcd |
///
/// `rewrite`, `clock` and `versions` are conditions: they hold for all that matches, open watches too, until the fault is
/// taken away, whatever `times` says. Of the others the first that matches has its way; a `delay` or `hold` before it is
/// waited for.
package struct Fault: Codable, Hashable, Sendable {
    package var match: Match
    /// How many matching requests pass unharmed first.
    package var skip: Int
    /// How many are harmed; nil (`null`): all until the fault is taken away.
    package var times: Int?
    package var action: Action

    package init(_ action: Action, on match: Match = Match(), skip: Int = 0, times: Int? = 1) {
        self.match = match
        self.skip = skip
        self.times = times
        self.action = action
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        match = try members.decodeIfPresent(Match.self, forKey: .match) ?? Match()
        skip = try members.decodeIfPresent(Int.self, forKey: .skip) ?? 0
        times = members.contains(.times) ? try members.decode(Int?.self, forKey: .times) : 1
        action = try members.decode(Action.self, forKey: .action)
    }

    /// Which requests. What is nil matches all; texts match as parts, the query before its decoding.
    package struct Match: Codable, Hashable, Sendable {
        package var method: String?
        package var path: String?
        package var query: String?
        package var watch: Bool?

        package init(_ method: String? = nil, path: String? = nil, query: String? = nil, watch: Bool? = nil) {
            self.method = method
            self.path = path
            self.query = query
            self.watch = watch
        }
    }

    package enum Action: Codable, Hashable, Sendable {
        case refuse(as: Refusal)
        case answer(status: Int, headers: [String: String]?, body: String?)
        case lose(what: Lost)
        case stall
        case delay(seconds: Double)
        case hold
        case stick
        case inject(lines: [String], after: Int?)
        case split(size: Int)
        case end(how: End, after: Int?)
        case rewrite(name: String?, drop: [String]?, set: [String: JSON]?)
        case clock(seconds: Double)
        case versions(back: Int64)
    }

    package enum Lost: String, Codable, Hashable, Sendable { case answer, request }
    package enum End: String, Codable, Hashable, Sendable { case close, cut, stall }
}

extension Fault.Match {
    func fits(_ request: Incoming) -> Bool {
        (method ?? request.method) == request.method && path.map { request.path.contains($0) } != false
            && query.map { request.query.contains($0) } != false && (watch ?? request.isWatch) == request.isWatch
    }
}

extension Fault {
    /// Whether it holds until it is taken away, for whatever comes back.
    var isCondition: Bool {
        switch action {
        case .rewrite, .clock, .versions: true
        default: false
        }
    }
}
