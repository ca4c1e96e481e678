#include "cluster/node/ipv4.h"

#include <gtest/gtest.h>

namespace spoke::cluster {
namespace {

TEST(Ipv4, ReadsWhatItWrites) {
  EXPECT_EQ(parse_ipv4("10.85.0.1"), 0x0a550001U);
  EXPECT_EQ(format_ipv4(0xfffefd00U), "255.254.253.0");
}

TEST(Ipv4, RefusesWhatIsNone) {
  for (const char* bad :
       {"", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.-4", "1.2.3.4 ", "1..3.4", "a.b.c.d", "1.2.3.0004", "1.2.3.+4"})
    EXPECT_FALSE(parse_ipv4(bad)) << bad;
}

TEST(Network, KnowsItsOwn) {
  const auto network = parse_network("10.85.0.0/16");
  ASSERT_TRUE(network);
  EXPECT_EQ(format_ipv4(network->broadcast()), "10.85.255.255");
  EXPECT_TRUE(network->holds(*parse_ipv4("10.85.3.4")));
  EXPECT_FALSE(network->holds(*parse_ipv4("10.86.0.1")));
}

TEST(Network, RefusesWhatIsNone) {
  for (const char* bad : {"10.85.0.0", "10.85.0.0/0", "10.85.0.0/31", "10.85.0.1/16", "10.85.0.0/x", "10.85.0.0/"})
    EXPECT_FALSE(parse_network(bad)) << bad;
}

TEST(NextAddress, GoesRoundTheNetworkSoThatAnAddressRests) {
  const Network network{*parse_ipv4("10.0.0.0"), 29};  // .1 to .6 are hosts
  const auto at = [](int n) { return *parse_ipv4("10.0.0." + std::to_string(n)); };
  EXPECT_EQ(next_address(network, {at(1)}, 0), at(2));
  EXPECT_EQ(next_address(network, {at(1), at(3)}, at(2)), at(4));
  EXPECT_EQ(next_address(network, {at(1)}, at(6)), at(2));
  EXPECT_EQ(next_address(network, {at(1), at(2), at(3), at(4), at(6)}, at(2)), at(5));
  EXPECT_EQ(next_address(network, {at(1), at(2), at(3), at(4), at(5), at(6)}, at(2)), std::nullopt);
  EXPECT_EQ(next_address(network, {}, *parse_ipv4("192.168.0.1")), at(1));  // of another network, from earlier options
}

}  // namespace
}  // namespace spoke::cluster
