import Testing

@testable import OrreryRegistry

struct ChallengeTests {
    @Test(
        arguments: [
            (
                #"Bearer realm="https://auth.example/token",service="registry.example",scope="repository:lab/x:pull,push""#,
                Challenge(
                    scheme: "bearer",
                    parameters: [
                        "realm": "https://auth.example/token", "service": "registry.example",
                        "scope": "repository:lab/x:pull,push",
                    ])
            ),
            (#"basic Realm = "a \"b\" \\c""#, nil),
            (#"Basic realm="a \"b\" \\c""#, Challenge(scheme: "basic", parameters: ["realm": #"a "b" \c"#])),
            (#"Bearer realm=a , service=b"#, Challenge(scheme: "bearer", parameters: ["realm": "a", "service": "b"])),
            ("Negotiate", Challenge(scheme: "negotiate", parameters: [:])),
            (#"Bearer realm="open"#, nil), ("", nil), ("Bearer x", nil), ("Bearer a=b c", nil),
        ] as [(String, Challenge?)])
    func aFieldIsReadOrRefused(_ field: String, _ challenge: Challenge?) {
        #expect(Challenge(field) == challenge)
    }
}
