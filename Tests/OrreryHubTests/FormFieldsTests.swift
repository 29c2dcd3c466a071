import Testing

@testable import OrreryHub

struct FormFieldsTests {
    @Test func decodesNamesAndValues() {
        let fields = FormFields("a=1&b=x+y%2B&c&d%20e=%C3%A9")
        #expect(fields["a"] == "1")
        #expect(fields["b"] == "x y+")
        #expect(fields["c"] == "")
        #expect(fields["d e"] == "é")
        #expect(fields["z"] == nil)
    }

    @Test func aRepeatedFieldIsNoField() {
        let fields = FormFields("next=/hub/home&next=//evil")
        #expect(fields["next"] == nil)
        #expect(fields.byName.isEmpty)
    }

    @Test func brokenEscapesAreLeftOut() {
        #expect(FormFields("a=%ZZ&b=2").byName == ["b": "2"])
    }

    @Test func whatIsEncodedIsReadBack() {
        let text = FormFields.encode([("next", "/user/ada/?a=1&b=ü +"), ("x", "")])
        #expect(text == "next=%2Fuser%2Fada%2F%3Fa%3D1%26b%3D%C3%BC%20%2B&x=")
        #expect(FormFields(text)["next"] == "/user/ada/?a=1&b=ü +")
    }
}
