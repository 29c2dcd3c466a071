import Foundation
import OrreryModel
import Testing
import Yams

@testable import OrreryDocument

struct YAMLTextTests {
    private static let value: JSON = [
        "kind": "Job", "apiVersion": "batch/v1", "metadata": ["name": "x", "labels": ["a/b": "true"]],
        "spec": [
            "list": [["b": 1, "a": [1, 2]], "on", [], [:], ["x", ["y"]]], "empty": "", "number": "0644",
            "odd": "a: b # \"c\"\\",
            "script": "set -eu\n\n  echo 'x'\n", "tab": "a\tb\n", "none": nil, "yes": true, "half": 1.5, "star": "*",
            "lines": "a\nb", "control": "\u{1}é\u{85}",
        ],
    ]

    @Test func itIsReadBackAsTheSameValue() throws {
        let text = YAMLText(Self.value).description
        let data = try JSONSerialization.data(withJSONObject: try #require(try Yams.load(yaml: text)))
        #expect(try JSONDecoder().decode(JSON.self, from: data) == Self.value)
    }

    @Test func peopleCanReadIt() {
        let value: JSON = [
            "spec": ["command": ["/bin/sh", "-c", "echo 1\necho 2\n"], "items": [["name": "b", "at": 1]]], "kind": "X",
        ]
        #expect(
            YAMLText(value).description == """
                kind: X
                spec:
                  command:
                    - /bin/sh
                    - "-c"
                    - |
                      echo 1
                      echo 2
                  items:
                    - name: b
                      at: 1

                """)
    }

    @Test func documentsAreKeptApart() {
        #expect(YAMLText(documents: [["a": 1], ["b": 2]]).description == "a: 1\n---\nb: 2\n")
    }
}
