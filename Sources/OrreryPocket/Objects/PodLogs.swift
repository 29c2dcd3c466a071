/// Where the node keeps what containers print. The API reads those files for `pods/log`.
package protocol PodLogs: Sendable {
    /// The file with the output of `container` in its present run, or in the one before (`previous`); nil when there
    /// was no such run. Lines are `2026-11-21T11:16:17.123456789Z stdout F text`, the format of container runtimes.
    func logFile(podUID: String, container: String, previous: Bool) -> String?
}
