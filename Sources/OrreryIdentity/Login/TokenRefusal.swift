/// What a token endpoint said no to. Each protocol has words of its own for it; the sentences are these.
enum TokenRefusal {
    /// The code or token that was to be exchanged.
    case grant
    /// Our client id or secret.
    case client
    /// How we asked.
    case request

    /// `kind` is what a grant that the endpoint does not know means.
    func error(at issuer: IssuerConfiguration, grant kind: IdentityError.Kind) -> IdentityError {
        switch self {
        case .grant:
            IdentityError(kind, at: issuer, "its token endpoint does not know the grant: expired, used, or not ours")
        case .client:
            IdentityError(.misconfigured, at: issuer, "its token endpoint does not accept our client id or secret")
        case .request:
            IdentityError(.misconfigured, at: issuer, "its token endpoint does not accept our request")
        }
    }
}
