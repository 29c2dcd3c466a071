import Foundation
import OrreryModel

/// Names and passwords for registries, from a file as `docker login` and `podman login` write it: `auths`, and for each host
/// `auth`, the base64 of `name:password`. Other keys, such as programs to ask, are not followed.
package struct RegistryLogins: Sendable {
    private let fields: [String: Secret]

    package init() { fields = [:] }

    /// Throws `.locked` when the file cannot be read as such a one.
    package init(file path: String) throws(RegistryError) {
        guard let data = FileManager.default.contents(atPath: path),
            let auths = (try? JSONDecoder().decode(JSON.self, from: data))?["auths"]?.object
        else {
            throw RegistryError(
                .locked, "the file \(path) cannot be read as logins of registries",
                next: "name one that `docker login` or `podman login` wrote")
        }
        fields = auths.compactMapValues { $0["auth"]?.string.map { Secret("Basic \($0)") } }
    }

    /// The `Authorization` for the registry at `host`; nil where the file has none.
    func authorization(for host: String) -> Secret? {
        if let field = fields[host] ?? fields["https://\(host)"] ?? fields["https://\(host)/v1/"] { return field }
        // Docker's tools keep the login for their own registry under the address that it had first.
        return host == RegistryVisit.docker.name ? fields["https://index.docker.io/v1/"] : nil
    }
}
