import HorizonLearning
import Testing

@Suite struct LearningErrorTests {
  @Test func aMissingLibraryIsNamedWithItsPlaces() {
    #expect(LearningError.libraryMissing("/x").description.contains("/x"))
  }
}
