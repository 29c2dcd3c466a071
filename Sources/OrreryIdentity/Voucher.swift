/// What can vouch for people, whatever it speaks.
protocol Voucher: Sendable {
    var label: String { get }

    /// Starts a login. Throws when it is known that a person sent there would not be received.
    func begin(_ demand: LoginDemand) async throws(IdentityError) -> LoginStart

    /// Finishes the login of `transaction` with the parameters of our callback. Throws unless all of it holds.
    func finish(
        _ transaction: LoginTransaction, query: [String: String], rules: GroupRules
    ) async throws(IdentityError) -> Claimant

    /// Whether it can be used now.
    func status() async -> IssuerStatus
}
