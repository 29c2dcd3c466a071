import FoundationEssentials
import OrreryDocument
import OrreryKubernetes
import OrreryLink
import OrreryModel

extension AgentConfiguration {
    /// What a command line says of where to find things.
    package struct Places: Sendable {
        package var join: String?
        package var joinFile: String?
        package var kubeconfig: String?
        package var namespace: String?

        package init() {}
    }

    /// Reads what the command line names. The join string comes from its file, the variable `ORRERY_JOIN`, or the command
    /// line itself, of which everybody on the machine can read it; the cluster from a kubeconfig, or from the pod that
    /// this process runs in.
    package static func read(
        _ places: Places, environment: [String: String]
    ) throws(AgentError) -> AgentConfiguration {
        let join = try joinString(places, environment)
        let access = try clusterAccess(places, environment)
        var configuration = AgentConfiguration(join: join, access: access, ownNamespace: access.namespace)
        // Where sessions live may be said apart; the agent's own place is the pod's, or what the kubeconfig says.
        var home = places
        home.namespace = nil
        if let own = try? clusterAccess(home, environment) { configuration.ownNamespace = own.namespace }
        configuration.httpProxy = try HTTPProxy.of(environment, to: join.host)
        return configuration
    }

    private static func joinString(
        _ places: Places, _ environment: [String: String]
    ) throws(AgentError) -> JoinString {
        let text: String
        if let file = places.joinFile {
            text = try content(file, "the join string")
        } else if let given = places.join ?? environment["ORRERY_JOIN"] {
            text = given
        } else {
            throw .configuration(
                "no join string: write it into a file for --join-file, or into the variable ORRERY_JOIN. The hub's "
                    + "admin has it, or `orrery clusters invite` prints it")
        }
        do { return try JoinString(text) } catch { throw .configuration("\(error)") }
    }

    private static func clusterAccess(
        _ places: Places, _ environment: [String: String]
    ) throws(AgentError) -> ClusterAccess {
        do {
            guard let file = places.kubeconfig else {
                return try .inCluster(name: "cluster", namespace: places.namespace, environment: environment)
            }
            let document = try DocumentNode.parse(try DocumentNode.text(ofFile: file), file: file)
            return try Kubeconfig.read(document, name: "cluster", namespace: places.namespace, origin: .local)
        } catch let error as KubernetesError {
            throw .configuration("\(error). Outside a cluster give --kubeconfig")
        } catch { throw .configuration("\(error)") }
    }

    /// A small file, without the blanks and line ends around what it says.
    static func content(_ file: String, _ what: String) throws(AgentError) -> String {
        guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
            throw .configuration("\(what) cannot be read from \(file)")
        }
        return text
    }
}
