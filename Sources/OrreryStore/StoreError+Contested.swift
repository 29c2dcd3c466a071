/// The refusals that several stores speak, each in one place.
extension StoreError {
    static func taken(_ contested: Contested) -> StoreError {
        let (message, next) =
            switch contested {
            case .name: ("the name was given to another person", "choose another name")
            case .uid: ("the uid belongs to another person", "ask whoever assigns uids at the login provider")
            case .identity: ("the identity is or was somebody's here already", "ask an operator of this hub")
            case .liveSession: ("a session is still running or on its way", "open it, or stop it first")
            case .code: ("the code was used before", "begin again")
            case .userCode: ("the code is in use", "take another one")
            case .tokens: ("you have as many tokens as one may have", "revoke some that you do not need")
            case .ended: ("the session has ended", "start a new one")
            case .clusterName: ("the name is or was another cluster's", "choose another name")
            case .clusterUID:
                ("a cluster that is a member has the same kube-system uid", "adopt the key into that one")
            case .clusterKey: ("the key is or was another cluster's", "let the agent make a new one")
            case .invite: ("the join token is used up or not good any more", "make another one")
            }
        return StoreError(.conflict, message, next: next, contested: contested)
    }

    package static var firstIdentity: StoreError {
        StoreError(
            .conflict, "the identity with which somebody came first stays", next: "unlink another one",
            contested: .identity)
    }

    static var noIdentity: StoreError {
        StoreError(.missing, "the identity is not linked to this person", next: "look which ones are")
    }

    static var noPerson: StoreError {
        StoreError(.missing, "the person is not known here, or not any more", next: "log in again")
    }

    static var noCluster: StoreError {
        StoreError(.missing, "there is no cluster of this name", next: "look which ones are: orrery clusters list")
    }

    static var noSession: StoreError {
        StoreError(.missing, "the session is not known here, or not any more", next: "start a new one")
    }
}
