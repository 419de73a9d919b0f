//! Just enough JSON-RPC for tests: one request per connection to a port of this machine.

use std::io::{Read, Write};
use std::net::TcpStream;

use alloy_primitives::{Address, B256, Bytes, hex};
use serde_json::{Value, json};

/// A refusal of the execution client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RpcError {
    pub code: i64,
    pub message: String,
    /// What a reverted call returned.
    pub data: Option<Vec<u8>>,
}

/// A log as the chain has it.
#[derive(Debug, Clone)]
pub struct Log {
    pub topics: Vec<B256>,
    pub data: Vec<u8>,
    pub index: u64,
}

#[derive(Debug, Clone, Copy)]
pub struct Rpc {
    port: u16,
}

impl Rpc {
    pub fn new(port: u16) -> Self {
        Self { port }
    }

    /// The result, or the error that the client answered.
    pub fn ask(&self, method: &str, params: &Value) -> Result<Value, RpcError> {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        // HTTP/1.0, so that the answer ends where the connection does.
        write!(
            stream,
            "POST / HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").expect("an HTTP answer");
        assert!(head.contains(" 200 "), "{head}");
        let mut answer: Value = serde_json::from_str(body).unwrap();
        match answer.get("error") {
            None => Ok(answer["result"].take()),
            Some(error) => Err(RpcError {
                code: error["code"].as_i64().unwrap(),
                message: error["message"].as_str().unwrap().to_owned(),
                data: error["data"].as_str().map(|data| hex::decode(data).unwrap()),
            }),
        }
    }

    /// The result of a call that does not fail.
    pub fn call(&self, method: &str, params: &Value) -> Value {
        self.ask(method, params).unwrap_or_else(|error| panic!("{method}: {error:?}"))
    }

    pub fn number(&self, method: &str, params: &Value) -> u64 {
        number(&self.call(method, params))
    }

    /// All logs of an address, in order.
    pub fn logs(&self, address: Address) -> Vec<Log> {
        let filter = json!([{ "address": address, "fromBlock": "0x0", "toBlock": "latest" }]);
        self.call("eth_getLogs", &filter).as_array().unwrap().iter().map(log).collect()
    }
}

pub fn number(value: &Value) -> u64 {
    u64::from_str_radix(value.as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
}

pub fn log(value: &Value) -> Log {
    Log {
        topics: serde_json::from_value(value["topics"].clone()).unwrap(),
        data: serde_json::from_value::<Bytes>(value["data"].clone()).unwrap().to_vec(),
        index: number(&value["logIndex"]),
    }
}
