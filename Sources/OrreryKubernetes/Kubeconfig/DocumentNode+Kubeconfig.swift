import FoundationEssentials
import OrreryDocument
import OrreryModel

extension DocumentNode {
    /// PEM, as kubeconfigs carry it: in Base64.
    func decodedPEM() throws(DocumentError) -> String {
        let text = try string()
        guard let data = Data(base64Encoded: text, options: .ignoreUnknownCharacters),
            let pem = String(validating: data, as: UTF8.self), pem.contains("-----BEGIN ")
        else { throw error("PEM in Base64 is wanted here") }
        return pem
    }

    func file(_ origin: Kubeconfig.Origin) throws(DocumentError) -> String {
        guard case .local = origin else {
            throw error("a file of the hub's machine is refused here: write its content, in Base64, as `…-data`")
        }
        let path = try filePath()
        guard FileManager.default.isReadableFile(atPath: path) else { throw error("the file \(path) cannot be read") }
        return path
    }

    /// A bearer token: one word, since it becomes a header.
    func plainToken() throws(DocumentError) -> Secret {
        let text = try string()
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            throw error("this is no token: it is empty, or has characters that no header may have")
        }
        return Secret(text)
    }
}
