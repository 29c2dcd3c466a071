import FoundationEssentials
import Logging
import OrreryKubernetes
import OrreryStore

/// What all sessions of a spawner share.
struct Scene: Sendable {
    let store: any SessionStore
    let contract: any SessionContract
    let routes: any RouteBook
    let settings: SpawnSettings
    let board: ProgressBoard
    let time: Timekeeper
    let alarms: Alarms
    let deadlines: Deadlines
    let latencies = Latencies()
    let now: @Sendable () -> Date
    /// A cluster's title by its name: how people know it.
    let title: @Sendable (String) -> String
    let logger: Logger
}
