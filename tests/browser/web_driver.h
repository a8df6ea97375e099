// A client of chromedriver: the WebDriver protocol (W3C) over plain HTTP.
#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <thread>

#include "tests/support/process.h"

namespace vime::testing {

/// A headless Chromium. Needs chromedriver on the PATH (Debian: chromium, chromium-driver).
class WebDriver {
 public:
  using Json = nlohmann::json;

  WebDriver() : port_(FreePort()), driver_({"/usr/bin/env", "chromedriver", Port()}, {}) {
    const Json arguments = {"--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"};
    const Json capabilities = {{"browserName", "chrome"},
                               {"goog:loggingPrefs", {{"browser", "ALL"}}},
                               {"goog:chromeOptions", {{"args", arguments}}}};
    for (int attempt = 0; !Answers(); ++attempt) {
      if (attempt == 100 || !driver_.Running()) {
        throw std::runtime_error("chromedriver does not start; is chromium-driver installed?");
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    const Json session =
        Request("POST", "/session", {{"capabilities", {{"alwaysMatch", capabilities}}}});
    session_ = "/session/" + session.at("sessionId").get<std::string>();
  }

  ~WebDriver() {
    try {
      Request("DELETE", session_, Json());
    } catch (const std::exception&) {  // the driver dies with this object
    }
  }
  WebDriver(const WebDriver&) = delete;
  WebDriver& operator=(const WebDriver&) = delete;

  void Open(const std::string& path) { Command("/url", {{"url", "file://" + path}}); }

  /// The value that the JavaScript returns.
  Json Run(const std::string& script, const Json& arguments = Json::array()) {
    return Command("/execute/sync", {{"script", script}, {"args", arguments}});
  }

  void Resize(int width, int height) {
    Devtools(
        "Emulation.setDeviceMetricsOverride",
        {{"width", width}, {"height", height}, {"deviceScaleFactor", 1}, {"mobile", width < 600}});
  }

  void PreferDark(bool dark) {
    const Json feature = {{"name", "prefers-color-scheme"}, {"value", dark ? "dark" : "light"}};
    Devtools("Emulation.setEmulatedMedia", {{"features", Json::array({feature})}});
  }

  /// Moves the mouse to a place in the window.
  void PointAt(double x, double y) {
    const Json move = {{"type", "pointerMove"},
                       {"duration", 0},
                       {"x", static_cast<int>(x)},
                       {"y", static_cast<int>(y)}};
    Act({{"type", "pointer"},
         {"id", "mouse"},
         {"parameters", {{"pointerType", "mouse"}}},
         {"actions", Json::array({move})}});
  }

  /// Presses and releases a key: a character, or a code of the protocol such as "\uE014".
  void Press(const std::string& key) {
    const Json down = {{"type", "keyDown"}, {"value", key}};
    const Json up = {{"type", "keyUp"}, {"value", key}};
    Act({{"type", "key"}, {"id", "keyboard"}, {"actions", Json::array({down, up})}});
  }

  /// The page on A4 paper, as base64 of a PDF.
  std::string Print() {
    return Command("/print", {{"page", {{"width", 21.0}, {"height", 29.7}}}, {"background", true}});
  }

  /// What the page wrote to the console, errors of its own included.
  Json Log() { return Command("/se/log", {{"type", "browser"}}); }

  Json Devtools(const std::string& command, const Json& parameters) {
    return Command("/goog/cdp/execute", {{"cmd", command}, {"params", parameters}});
  }

 private:
  static int FreePort() {
    const int probe = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    const bool bound = ::bind(probe, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
                       ::getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size) == 0;
    ::close(probe);
    if (!bound) throw std::runtime_error("no free port");
    return ntohs(address.sin_port);
  }

  std::string Port() const { return "--port=" + std::to_string(port_); }

  Json Command(const std::string& path, const Json& body) {
    return Request("POST", session_ + path, body);
  }

  void Act(const Json& source) { Command("/actions", {{"actions", Json::array({source})}}); }

  bool Answers() const {
    try {
      Request("GET", "/status", Json());
      return true;
    } catch (const std::runtime_error&) {
      return false;
    }
  }

  // The member "value" of the answer. Throws what the driver complains of.
  Json Request(const std::string& method, const std::string& path, const Json& body) const {
    const std::string text = body.is_null() ? "" : body.dump();
    const std::string request = method + " " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n" +
                                "Content-Type: application/json\r\nConnection: close\r\n" +
                                "Content-Length: " + std::to_string(text.size()) + "\r\n\r\n" +
                                text;
    const std::string response = Exchange(request);
    const auto blank = response.find("\r\n\r\n");
    if (blank == std::string::npos) throw std::runtime_error("no answer from chromedriver");
    const Json value = Json::parse(response.substr(blank + 4)).at("value");
    if (value.is_object() && value.contains("error")) {
      throw std::runtime_error(path + ": " + value.at("message").get<std::string>());
    }
    return value;
  }

  std::string Exchange(const std::string& request) const {
    const int connection = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port_));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    std::string response;
    if (::connect(connection, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
      for (std::size_t sent = 0; sent < request.size();) {
        const ssize_t count =
            ::send(connection, request.data() + sent, request.size() - sent, MSG_NOSIGNAL);
        if (count <= 0) break;
        sent += static_cast<std::size_t>(count);
      }
      char buffer[65536];
      for (ssize_t count = 0; (count = ::recv(connection, buffer, sizeof buffer, 0)) > 0;) {
        response.append(buffer, static_cast<std::size_t>(count));
        if (Complete(response)) break;
      }
    }
    ::close(connection);
    return response;
  }

  // The driver may keep the connection open, whatever was asked.
  static bool Complete(const std::string& response) {
    const auto blank = response.find("\r\n\r\n");
    std::string head = response.substr(0, blank);
    for (char& c : head) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const auto length = head.find("content-length:");
    return blank != std::string::npos && length != std::string::npos &&
           response.size() - blank - 4 >= std::stoul(head.substr(length + 15));
  }

  int port_;
  Process driver_;
  std::string session_;
};

}  // namespace vime::testing
