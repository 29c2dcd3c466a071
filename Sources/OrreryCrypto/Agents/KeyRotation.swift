/// What an agent says when it changes its key: the new public key, and that both keys agree to it.
package struct KeyRotation: Sendable {
    package let new: AgentPublicKey
    /// Signatures of one text with the old key and with the new one.
    package let oldSignature: [UInt8]
    package let newSignature: [UInt8]

    /// Says that `new` follows `old`.
    package init(from old: AgentKey, to new: AgentKey) throws(CryptoError) {
        let text = Self.text(old.id, new.id)
        self.new = new.publicKey
        oldSignature = try old.sign(text)
        newSignature = try new.sign(text)
    }

    /// What came over a connection. `old` is the key which that connection was made with. Throws when either signature is
    /// not what it should be, or when both keys are the same.
    package init(
        verifying info: [UInt8], oldSignature: [UInt8], newSignature: [UInt8], of old: AgentPublicKey
    ) throws(CryptoError) {
        let new = try AgentPublicKey(info: info)
        let text = Self.text(old.id, new.id)
        guard new != old else { throw CryptoError(.key, "the new key is the old one") }
        guard old.verifies(oldSignature, of: text) else {
            throw CryptoError(.signature, "the old key has not signed the change to the new one")
        }
        guard new.verifies(newSignature, of: text) else {
            throw CryptoError(.signature, "the new key has not signed the change from the old one")
        }
        self.new = new
        self.oldSignature = oldSignature
        self.newSignature = newSignature
    }

    private static func text(_ old: String, _ new: String) -> String { "orrery-rotate 1\n\(old)\n\(new)" }
}
