"""What tests, benches and the demo share: throwaway servers, small studies, people who answer."""
