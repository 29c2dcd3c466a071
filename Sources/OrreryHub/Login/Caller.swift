import OrreryModel
import OrreryStore

/// Somebody who calls the API, with the rights of the call.
struct Caller: Sendable {
    let person: PersonRecord
    let scopes: Scopes
    /// Nil for a browser's cookie and for a token of an issuer.
    let token: TokenRecord?
    /// The login through which the rights came, if one did.
    let sid: String?

    var name: String { person.person.name }

    init(visitor: Visitor) {
        person = visitor.person
        scopes = .ofPerson(named: visitor.person.person.name, isAdmin: visitor.person.isAdmin)
        token = nil
        sid = visitor.login.sid
    }

    /// With an access token of an issuer: the person's own rights, with the groups as last read, but for making tokens.
    init(bearer person: PersonRecord) {
        self.person = person
        scopes = .ofBearer(named: person.person.name, isAdmin: person.isAdmin)
        token = nil
        sid = nil
    }

    /// With a token of ours. One that a person made for programs is worth no more than the person's rights are now.
    init(person: PersonRecord, token: TokenRecord) {
        self.person = person
        let own = Scopes.ofPerson(named: person.person.name, isAdmin: person.isAdmin)
        scopes = token.kind == .personal ? Scopes(token.scopes).within(own) : Scopes(token.scopes)
        self.token = token
        sid = token.sid
    }

    /// Throws the contract's refusal unless `scope` is granted for `user`, or for that user's `server`.
    func require(_ scope: String, user: String, server: String? = nil) throws(HubError) {
        guard scopes.allow(scope, user: user, server: server) else {
            // RFC 6750 3.1.
            throw HubError(
                .forbidden, "this needs the right \(scope) for \(user), which the token or login does not carry"
            ).challenging(#"Bearer error="insufficient_scope", scope="\#(scope)""#)
        }
    }
}
