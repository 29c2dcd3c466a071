import OrreryKubernetes
import OrreryModel
import OrreryStore

extension PodBuilder {
    /// The address first, because others refer to it; then the token; then all others in alphabetical order.
    func environment() -> [EnvironmentVariable] {
        let first = [
            EnvironmentVariable(Name.address, from: .field("status.podIP")),
            EnvironmentVariable(Name.token, from: .secret(session.tokenName, key: Self.tokenKey)),
        ]
        var texts = plan.variables.mapValues(escapingDollars)
        texts.merge(own) { _, own in own }
        texts.merge(variables) { _, contract in contract }
        texts[Name.address] = nil
        texts[Name.token] = nil
        return first + texts.sorted { $0.key < $1.key }.map { EnvironmentVariable($0.key, $0.value) }
    }

    /// What is the same for every session, whatever its profile says.
    private var own: [String: String] {
        [
            "HOME": plan.home,
            "USER": session.personName,
            "LOGNAME": session.personName,
            "JUPYTER_RUNTIME_DIR": Self.runtimeDirectory + "/jupyter",
            "JUPYTERHUB_SERVICE_URL": "http://$(POD_IP):\(plan.environment.port)\(session.prefix)",
            "JUPYTERHUB_SERVICE_PREFIX": session.prefix,
        ]
    }

    private enum Name {
        static let address = "POD_IP"
        static let token = "JUPYTERHUB_API_TOKEN"
    }
}
