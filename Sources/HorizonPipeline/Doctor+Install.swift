import HorizonCore
import HorizonLearning

extension Doctor {
  /// A fleet of 8,000 series takes about this much, and a million series more in proportion to threads, not to series.
  private static let leastMemory = 1_000_000_000

  func installFindings() -> [Finding] {
    [.ok("version", "HorizonScale \(productVersion), \(machine.executable)")] + libraries() + [
      treeLibrary(), cores(), memory(),
    ]
      + terminal() + (machine.toolchain.map { [.info("toolchain", $0)] } ?? [])
  }

  private func libraries() -> [Finding] {
    ["Arrow", "Parquet", "OpenBLAS"].map { name in
      let check = "library \(name)"
      let loaded = machine.libraries.filter { $0.name == name }
      guard let first = loaded.first else {
        return .problem(
          check, "it is not loaded.",
          remedy: "Install HorizonScale anew with its folder lib, or run 'make setup' in a source tree.")
      }
      if loaded.count > 1 {
        return .warning(
          check, "it is loaded \(loaded.count) times: \(loaded.map(\.path).joined(separator: ", ")).",
          remedy: "Unset LD_LIBRARY_PATH and LD_PRELOAD, so that HorizonScale finds its own only.")
      }
      return .ok(check, "\(first.version), \(first.path)")
    }
  }

  /// All but one model works without it, so its absence is no problem.
  private func treeLibrary() -> Finding {
    switch machine.treeLibrary {
    case .success(let library): return .ok("library XGBoost", "\(library.version), \(library.path)")
    case .failure(let reason):
      let variable = BoosterLibrary.variable
      return .warning(
        "library XGBoost", "\(reason). Everything but the model 'xgboost' works.",
        remedy: environment[variable] == nil
          ? "Run 'make setup' in a source tree, or put libxgboost.so into the folder lib of the installation."
          : "Unset \(variable), or let it name a libxgboost.so of version 3.2 or newer.")
    }
  }

  private func cores() -> Finding {
    guard let limit = machine.coreLimit, limit < Double(machine.cores) else {
      return .ok("cores", "\(machine.cores), as many threads are used unless --threads says otherwise")
    }
    let threads = max(1, Int(limit.rounded()))
    return .warning(
      "cores", "\(machine.cores), but the control group allows \(fixed(limit, digits: 1)) cores' worth of time.",
      remedy: "Set HORIZONSCALE_THREADS=\(threads), or raise the limit.")
  }

  private func memory() -> Finding {
    let usable = min(machine.memory, machine.memoryLimit ?? .max)
    let limited =
      usable < machine.memory ? " (limit of the control group; the machine has \(bytesText(machine.memory)))" : ""
    return usable < Doctor.leastMemory
      ? .warning(
        "memory", "\(bytesText(usable))\(limited)", remedy: "Give it 1 GB, or lower --chunk and --threads.")
      : .ok("memory", "\(bytesText(usable))\(limited)")
  }

  private func terminal() -> [Finding] {
    let style = TerminalStyle(environment: environment, columns: machine.columns)
    let locale =
      style.isUnicode
      ? Finding.ok("locale", "UTF-8, charts are drawn with Braille dots")
      : .warning(
        "locale", "not UTF-8, so charts are drawn in ASCII and other letters of names are shown as '?'.",
        remedy: "Set LC_ALL=C.UTF-8.")
    guard let columns = machine.columns else { return [locale, .info("terminal", "standard output is no terminal")] }
    return [
      locale,
      columns < 40
        ? .warning("terminal", "\(columns) columns wide.", remedy: "Make it 40 columns or wider; 80 is comfortable.")
        : .ok("terminal", "\(columns) columns wide"),
    ]
  }
}
