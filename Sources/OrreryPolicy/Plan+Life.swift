import OrreryModel

extension Plan.Life {
    /// The same, ending at the latest after `longest`.
    func bounded(by longest: Duration?) -> Plan.Life {
        guard let longest, longest < max else { return self }
        return Plan.Life(max: longest, grace: grace, idle: idle, warn: warn)
    }
}
