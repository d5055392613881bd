import HorizonCore
import HorizonNumerics

/// Name and place of a synthetic server; a function of the fleet's seed and the server's index alone.
package struct SyntheticServer: Sendable, Hashable {
  /// Application, role and index, such as `shop-db-00042`; unique in the fleet.
  package let name: String
  package let region: String
  package let department: String
  package let application: String
  package let cluster: String
  package let environment: String

  static let applicationNames = applications.map(\.name)

  init(index: Int, seed: UInt64) {
    var random = SplitMix64(seed: stableHash("\(index)/place", seed: seed))
    // Squaring makes the first applications the large ones.
    let place = random.uniform()
    let owner = applications[Int(place * place * Double(applications.count))]
    let role = roles[Int(random.uniform() * Double(roles.count))]
    let site = regions[Int(random.uniform() * Double(regions.count))]
    let stage = random.uniform()
    let number = String(index)
    name = "\(owner.name)-\(role)-\(String(repeating: "0", count: max(0, 5 - number.count)))\(number)"
    region = site.name
    department = owner.department
    application = owner.name
    environment = stage < 0.7 ? "prod" : stage < 0.88 ? "stage" : "dev"
    cluster = "\(site.code)-\(environment)-\(1 + Int(random.uniform() * 4))"
  }
}

private let roles = ["api", "batch", "cache", "db", "web"]

private let regions: [(name: String, code: String)] = [
  ("eu-central", "fra"), ("eu-west", "dub"), ("us-east", "iad"), ("us-west", "pdx"), ("ap-south", "bom"),
]

private let applications: [(name: String, department: String)] = [
  ("shop", "Sales"), ("orders", "Logistics"), ("billing", "Finance"), ("search", "Engineering"),
  ("portal", "Customer Care"), ("stock", "Logistics"), ("checkout", "Sales"), ("ledger", "Finance"),
  ("metrics", "Engineering"), ("pricing", "Sales"), ("tracking", "Logistics"), ("tickets", "Customer Care"),
  ("crm", "Sales"), ("payroll", "Finance"), ("registry", "Engineering"), ("routing", "Logistics"),
  ("chat", "Customer Care"), ("archive", "Research"), ("treasury", "Finance"), ("builds", "Engineering"),
  ("lab", "Research"), ("models", "Research"),
]
