package import OrreryModel
import OrreryPolicy

extension SiteManifests {
    /// A CronJob that removes what `purge:` says, every night. Unless `deletes`, it only lists what it would remove.
    /// `notes` name the filesets that it cannot reach, and those of which it takes things later than they say: what a session
    /// may have made or changed that still runs is never taken.
    package func purge(deletes: Bool) throws(HubError) -> (documents: [JSON], notes: [String]) {
        let filesets = policy.filesets.values.filter { $0.purge != nil && binding.sources[$0.name] != nil }
            .sorted { $0.name < $1.name }
        let trees = filesets.compactMap { tree(of: $0.name) }
        let longest = policy.profiles.map(\.life.max).max() ?? .zero
        let late = trees.filter { policy.filesets[$0.fileset]?.purge.map { $0.earliest < longest } ?? false }
        let notes =
            filesets.filter { tree(of: $0.name) == nil }.map {
                "\($0.name) is not purged: its storage is another one for each person, or cannot be mounted"
            }
            + late.map {
                "\($0.fileset) keeps everything for \(longest.components.seconds / 3600) h, as long as a session may run"
            }
        guard !trees.isEmpty else {
            throw HubError(
                .cannotStart, "no fileset on \(binding.cluster) has `purge`, and lies where one job can reach it")
        }
        let ages = trees.enumerated().flatMap { index, tree in
            ["/tree/\(index)", tree.pattern, "\(tree.depth)"]
                + Self.ages(policy.filesets[tree.fileset]?.purge, least: longest)
        }
        let name = "orrery-purge"
        let work = work(
            "purge", SiteScripts.purge, [deletes ? "delete" : "list"] + ages, in: trees,
            powers: ["DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER"], image: try toolImage())
        let job: JSON = [
            "apiVersion": "batch/v1", "kind": "CronJob", "metadata": metadata(name),
            "spec": [
                "schedule": "17 3 * * *", "concurrencyPolicy": "Forbid", "startingDeadlineSeconds": 3600,
                "successfulJobsHistoryLimit": 3, "failedJobsHistoryLimit": 3,
                "jobTemplate": [
                    "spec": [
                        "backoffLimit": 0, "activeDeadlineSeconds": 43200,
                        "template": ["metadata": ["labels": Self.strings(own(name))], "spec": work],
                    ]
                ],
            ],
        ]
        return ([job], notes)
    }

    /// In minutes, as `find` counts; what is earlier for large files with their size in bytes.
    private static func ages(_ purge: Fileset.Purge?, least: Duration) -> [String] {
        guard let purge else { return [] }
        let minutes = { (time: Duration) in max(time, least).components.seconds / 60 }
        return [
            "\(minutes(purge.after))", purge.large.map { "\(minutes($0.after)):\($0.above.bytes)" } ?? "-",
        ]
    }
}

extension Fileset.Purge {
    /// The age at which the first things go.
    fileprivate var earliest: Duration { min(after, large?.after ?? after) }
}
