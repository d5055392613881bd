import Glibc
import HorizonStore
import Testing

@Suite struct AtomicFileTests {
  private let folder = TemporaryFolder()

  @Test func aFileIsReplacedWhole() throws {
    let path = folder.path("settings.yaml")
    try atomicWrite("old", to: path)
    try atomicWrite("new and longer", to: path)
    #expect(folder.text("settings.yaml") == "new and longer")
    #expect(folder.names == ["settings.yaml"])
  }

  @Test func whatIsNotCommittedLeavesTheOldFileAndNoLitter() throws {
    let path = folder.path("latest")
    try atomicWrite("old", to: path)
    do {
      let file = AtomicFile(path)
      try atomicWrite("half", to: file.temporaryPath)
      #expect(folder.names.count == 2)
    }
    #expect(folder.text("latest") == "old")
    #expect(folder.names == ["latest"])
  }

  @Test func aMissingFolderIsAnErrorWithThePath() {
    let path = folder.path("nowhere/file")
    #expect { try atomicWrite("x", to: path) } throws: { error in
      (error as? StoreError)?.code == .writingFailed && "\(error)".hasPrefix(path)
    }
  }

  @Test func theDigestOfAFileIsThatOfItsBytes() throws {
    let path = folder.path("abc")
    try atomicWrite("abc", to: path)
    let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    #expect(try sha256(ofFile: path) == known)
    #expect(sha256(of: "abc".utf8) == known)
  }
}
